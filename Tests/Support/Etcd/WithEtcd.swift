/// Runs a real etcd on free loopback ports, with a fresh store, for as long as the body takes.
///
/// - Parameter arguments: Further options of `etcd`, such as `--experimental-watch-progress-notify-interval 100ms`.
/// - Parameter security: With it, TLS is spoken on a port beside the plain one.
package func withEtcd<R>(
  _ version: EtcdVersion,
  arguments: [String] = [],
  security: EtcdSecurity? = nil,
  body: (EtcdServer) async throws -> R
) async throws -> R {
  try await withEtcdCluster(version, members: 1, arguments: arguments, security: security) { cluster in
    try await body(cluster.members[0])
  }
}

/// Runs a cluster of real etcd members on free loopback ports, for as long as the body takes.
package func withEtcdCluster<R>(
  _ version: EtcdVersion,
  members count: Int = 3,
  arguments: [String] = [],
  security: EtcdSecurity? = nil,
  body: (EtcdCluster) async throws -> R
) async throws -> R {
  try await EtcdCapacity.shared.with(count) {
    try await withFreshCluster(version, members: count, arguments: arguments, security: security, body: body)
  }
}

private func withFreshCluster<R>(
  _ version: EtcdVersion, members count: Int, arguments: [String], security: EtcdSecurity?,
  body: (EtcdCluster) async throws -> R
) async throws -> R {
  let attempts = 5
  for attempt in 1...attempts {
    do {
      return try await withScratchDirectory { directory in
        let members = try await makeMembers(
          version, count, directory: directory, security: security, arguments: arguments)
        return try await withRunning(members, body: body)
      }
    } catch let error as PortTaken {
      // Somebody listened there between our look and etcd's. The body has not run.
      if attempt == attempts { throw EtcdFixtureError("no free ports after \(attempts) attempts: \(error.log)") }
    }
  }
  throw EtcdFixtureError("a cluster has at least one member")
}

private struct PortTaken: Error {
  let log: String
}

private func makeMembers(
  _ version: EtcdVersion, _ count: Int, directory: String, security: EtcdSecurity?, arguments: [String]
) async throws -> [EtcdServer] {
  var ports: [(name: String, ports: EtcdPorts)] = []
  for index in 0..<count { ports.append(("member-\(index)", try await .free())) }
  let cluster = ports.map { "\($0.name)=\($0.ports.peerURL)" }.joined(separator: ",")
  return try ports.map { name, ports in
    try EtcdServer(
      version, name: name, ports: ports, directory: directory, security: security,
      arguments: ["--initial-cluster", cluster, "--initial-cluster-state", "new"] + arguments)
  }
}

private func withRunning<R>(
  _ members: [EtcdServer], body: (EtcdCluster) async throws -> R
) async throws -> R {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for member in members { group.addTask { await member.slot.supervise() } }
    // Nothing in a scratch directory is worth an orderly shutdown. Leaving the group awaits the processes' end.
    defer {
      for member in members { member.slot.finish() }
      group.cancelAll()
    }
    for member in members { try member.slot.launch() }
    do {
      for member in members { try await member.waitUntilHealthy() }
    } catch {
      guard let loser = members.first(where: \.lostItsPort) else { throw error }
      throw PortTaken(log: loser.logTail())
    }
    do {
      return try await body(EtcdCluster(members: members))
    } catch {
      throw await PostMortem(of: members).explaining(error)
    }
  }
}
