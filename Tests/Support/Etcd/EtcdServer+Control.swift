internal import Subprocess

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// What an operator does with `etcdctl`.
extension EtcdServer {
  /// Runs `etcdctl` of the server's own version against it and returns what it printed. Throws when it fails or takes
  /// longer than half a minute.
  @discardableResult
  package func etcdctl(_ arguments: String...) async throws -> String {
    try await control(arguments)
  }

  /// Saves a snapshot of the store next to the server's data and returns its path.
  package func saveSnapshot() async throws -> String {
    let path = dataDirectory + ".snapshot"
    try? FileManager.default.removeItem(atPath: path)
    try await etcdctl("snapshot", "save", path)
    return path
  }

  /// Kills the server, puts the snapshot in the place of its data and starts it again: the store as it was, with or
  /// without the cluster's token of before.
  package func restore(_ snapshot: String, token: String = "etcd-cluster") async throws {
    try await kill()
    try FileManager.default.removeItem(atPath: dataDirectory)
    try await control([
      "snapshot", "restore", snapshot, "--data-dir", dataDirectory, "--name", name,
      "--initial-cluster", "\(name)=http://127.0.0.1:\(peerPort)", "--initial-cluster-token", token,
      "--initial-advertise-peer-urls", "http://127.0.0.1:\(peerPort)",
    ])
    try await restart()
  }

  /// Makes the database as small as what it holds.
  package func defragment() async throws { try await etcdctl("defrag") }

  /// Takes the alarms away (NOSPACE).
  package func disarmAlarms() async throws { try await etcdctl("alarm", "disarm") }

  @discardableResult
  private func control(_ arguments: [String]) async throws -> String {
    let program = try version.program("etcdctl")
    let user = administrator.map { ["--user", "\($0.name):\($0.password)"] } ?? []
    let all = ["--endpoints", clientURL, "--command-timeout", "30s"] + user + arguments
    let result = try await Subprocess.run(
      .name("sh"), arguments: Arguments(["-c", "exec \"$@\"", "sh", program] + all),
      environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin", "ETCDCTL_API": "3"]), input: .none,
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw EtcdFixtureError("etcdctl \(arguments.first ?? ""): \(result.standardError)")
    }
    return result.standardOutput
  }
}
