extension EtcdCluster {
  /// Runs another member of the first one's version for as long as the body takes. It is not started before the body says so,
  /// and until then the cluster must have been told of its peer URL.
  package func withJoiningMember<R>(
    body: (_ member: EtcdServer, _ start: @escaping @Sendable () throws -> Void) async throws -> R
  ) async throws -> R {
    try await withScratchDirectory { directory in
      let ports = try await EtcdPorts.free()
      let list = members.map { "\($0.name)=http://127.0.0.1:\($0.peerPort)" } + ["joining=\(ports.peerURL)"]
      let member = try EtcdServer(
        members[0].version, name: "joining", ports: ports, directory: directory, security: nil,
        arguments: ["--initial-cluster", list.joined(separator: ","), "--initial-cluster-state", "existing"])
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await member.slot.supervise() }
        defer {
          member.slot.finish()
          group.cancelAll()
        }
        return try await body(member) { try member.slot.launch() }
      }
    }
  }
}

extension EtcdServer {
  /// `http://127.0.0.1:PORT`, where the other members reach it.
  package var peerURL: String { "http://127.0.0.1:\(peerPort)" }
}
