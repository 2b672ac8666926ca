#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What servers were at when a test failed: a server's own defect must not look like one of ours, nor the other way round.
struct PostMortem {
  private let members: [EtcdServer]

  init(of members: [EtcdServer]) { self.members = members }

  /// The error, with the end of the log of every server that crashed.
  ///
  /// With `HOLDFAST_ETCD_LOGS=DIRECTORY` in the environment the whole logs are kept there, with what every goroutine of a
  /// server that still runs was doing.
  func explaining(_ error: any Error) async -> any Error {
    // The end of a process is noticed a little later than that of its connections.
    try? await eventually(within: .seconds(1), "a server has crashed") { members.contains(where: \.slot.hasCrashed) }
    let crashed = members.filter(\.slot.hasCrashed)
    await keepLogs()
    guard !crashed.isEmpty else { return error }
    let ends = crashed.map { "\($0.version) \($0.name) crashed (\($0.slot.phase)); its log ends with\n\($0.logTail())" }
    return EtcdFixtureError(([String(describing: error)] + ends).joined(separator: "\n"))
  }

  private func keepLogs() async {
    guard let directory = ProcessInfo.processInfo.environment["HOLDFAST_ETCD_LOGS"] else { return }
    for member in members {
      try? await member.slot.end(SIGQUIT, SIGCONT, within: .seconds(10))
      let name = "\(member.version.number)-\(member.name)-\(member.clientPort).log"
      try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try? FileManager.default.copyItem(atPath: member.logFile, toPath: directory + "/" + name)
    }
  }
}
