internal import Synchronization

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

/// A real etcd on loopback ports: one member, alone or of a cluster. It lives as long as the scope that made it.
///
/// Its process can be killed, stopped and started again; ports and data stay. What asks the server something
/// (`EtcdServer+Gateway.swift`) goes through its JSON gateway, so that tests of our client have an independent witness.
package final class EtcdServer: Sendable {
  package let version: EtcdVersion
  package let name: String
  package let clientPort: Int
  package let peerPort: Int
  /// Where it speaks TLS, if it does.
  package let securePort: Int?
  /// Where the data is, for tests that look at it or damage it.
  package let dataDirectory: String
  /// What etcd printed, over all its starts.
  package let logFile: String

  let slot: ProcessSlot
  private let administration = Mutex<EtcdAdministrator?>(nil)

  init(
    _ version: EtcdVersion, name: String, ports: EtcdPorts, directory: String, security: EtcdSecurity?,
    arguments: [String]
  ) throws {
    self.version = version
    self.name = name
    clientPort = ports.client
    peerPort = ports.peer
    securePort = security == nil ? nil : ports.secure
    let secureURLs = security == nil ? "" : ",https://127.0.0.1:\(ports.secure)"
    dataDirectory = directory + "/\(name)"
    logFile = directory + "/\(name).log"
    let listen = [
      "--name", name,
      "--data-dir", dataDirectory,
      "--listen-client-urls", ports.clientURL + secureURLs,
      "--advertise-client-urls", ports.clientURL,
      "--listen-peer-urls", ports.peerURL,
      "--initial-advertise-peer-urls", ports.peerURL,
    ]
    slot = ProcessSlot(
      command: [try version.program()] + listen + (security?.arguments ?? []) + arguments, log: logFile)
  }

  /// `http://127.0.0.1:PORT`.
  package var clientURL: String { "http://127.0.0.1:\(clientPort)" }

  /// The process id of the running etcd; nil while there is none.
  package var pid: Int32? { slot.pid }

  /// Who the fixture itself is to this server, once authentication is switched on.
  package var administrator: EtcdAdministrator? {
    get { administration.withLock { $0 } }
    set { administration.withLock { $0 = newValue } }
  }

  /// Ends the process at once, as a crash would (SIGKILL). Returns when it is gone.
  package func kill() async throws {
    try await slot.end(SIGKILL, within: .seconds(20))
  }

  /// Asks the process to end in good order (SIGTERM), a suspended one too. Returns when it is gone.
  package func terminate() async throws {
    try await slot.end(SIGTERM, SIGCONT, within: .seconds(20))
  }

  /// Starts etcd again with the same ports and data, after terminating it if it still runs.
  ///
  /// Without `untilHealthy` it returns when the process has been started: a member of a cluster without a majority is
  /// not healthy before another one is back.
  package func restart(untilHealthy: Bool = true) async throws {
    try await terminate()
    try slot.launch()
    if untilHealthy { try await waitUntilHealthy() }
  }

  /// Stops the process where it is (SIGSTOP): the kernel goes on accepting connections, nothing answers. Returns when
  /// every thread has stopped.
  package func suspend() async throws {
    guard slot.send(SIGSTOP) else { throw EtcdFixtureError("\(name) does not run") }
    try await eventually("\(name) has stopped") { slot.isStopped }
  }

  /// Lets a suspended process go on (SIGCONT).
  package func resume() throws {
    guard slot.send(SIGCONT) else { throw EtcdFixtureError("\(name) does not run") }
  }

  /// Returns when `/health` says that the member serves linearizable reads; fails at once when the process has ended.
  package func waitUntilHealthy(within limit: Duration = .seconds(60)) async throws {
    do {
      try await eventually(within: limit, "\(version) \(name) is healthy") {
        if slot.hasEnded { return true }
        return try await isHealthy()
      }
    } catch let timeout as EventuallyTimeout {
      throw EtcdFixtureError("\(timeout)\n\(logTail())")
    }
    if slot.hasEnded { throw EtcdFixtureError("\(version) \(name) did not start: \(slot.phase)\n\(logTail())") }
  }

  /// What `/health` says now. Throws when nothing answers within a second.
  package func isHealthy() async throws -> Bool {
    let health = try await LoopbackHTTP(port: clientPort, timeout: .seconds(1)).get("/health")
    return health.status == 200 && health.text.contains("true")
  }

  /// The end of the log, for messages about what went wrong.
  package func logTail(lines: Int = 15) -> String {
    let log = (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? ""
    return log.split(separator: "\n").suffix(lines).joined(separator: "\n")
  }

  /// Whether the start failed because somebody else was quicker to listen on a port.
  var lostItsPort: Bool { slot.hasEnded && logTail().contains("address already in use") }
}

/// The ports of a member.
struct EtcdPorts {
  let client: Int
  let peer: Int
  let secure: Int

  static func free() async throws -> EtcdPorts {
    EtcdPorts(
      client: try await LoopbackPorts.free(), peer: try await LoopbackPorts.free(),
      secure: try await LoopbackPorts.free())
  }

  var clientURL: String { "http://127.0.0.1:\(client)" }
  var peerURL: String { "http://127.0.0.1:\(peer)" }
}

/// A user who may do everything.
package struct EtcdAdministrator: Sendable, Hashable, Encodable {
  package var name: String
  package var password: String

  package init(name: String = "root", password: String) {
    self.name = name
    self.password = password
  }
}
