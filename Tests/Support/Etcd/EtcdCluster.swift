/// The members of a real cluster. Each can be killed, suspended and restarted by itself.
package struct EtcdCluster: Sendable {
  package let members: [EtcdServer]

  /// The members' client URLs, in order.
  package var endpoints: [String] { members.map(\.clientURL) }

  /// The member that a majority of all members takes for the leader, awaited through elections.
  package func leader(within limit: Duration = .seconds(20)) async throws -> EtcdServer {
    var leader: EtcdServer?
    try await eventually(within: limit, "a majority of \(members.count) members agrees on a leader") {
      leader = await agreedLeader()
      return leader != nil
    }
    guard let leader else { throw EtcdFixtureError("no leader") }
    return leader
  }

  /// The members that do not lead.
  package func followers(within limit: Duration = .seconds(20)) async throws -> [EtcdServer] {
    let leader = try await leader(within: limit)
    return members.filter { $0 !== leader }
  }

  private func agreedLeader() async -> EtcdServer? {
    var byID: [UInt64: EtcdServer] = [:]
    var votes: [UInt64: Int] = [:]
    for member in members where member.pid != nil {
      // A member that is down or suspended has no say.
      guard let status = try? await member.status(timeout: .seconds(1)) else { continue }
      byID[status.memberID] = member
      votes[status.leader, default: 0] += 1
    }
    guard let (leader, count) = votes.max(by: { $0.value < $1.value }), count > members.count / 2 else { return nil }
    return byID[leader]
  }
}
