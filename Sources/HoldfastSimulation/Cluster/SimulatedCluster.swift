import HoldfastCore
import HoldfastEmbedded

/// A cluster without a network: one log, and members that apply it.
struct SimulatedCluster {
  let profile: Profile
  /// What has been agreed on.
  private(set) var log: [Entry] = []
  /// The state after the whole log.
  private(set) var committed: MVCCStore
  var members: [SimulatedMember]
  private static let clusterID: UInt64 = 7

  init(profile: Profile, members: Int) {
    self.profile = profile
    committed = MVCCStore(clusterID: Self.clusterID, memberID: 0)
    self.members = (1...members).map {
      SimulatedMember(store: MVCCStore(clusterID: Self.clusterID, memberID: UInt64($0)))
    }
  }

  /// Agrees on an entry. What the store refuses is not agreed on.
  mutating func commit(_ entry: Entry) throws -> CallAnswer? {
    let answer = try committed.apply(entry)
    log.append(entry)
    return answer
  }

  /// Lets a member apply its next entry; false when it has them all.
  mutating func applyNext(_ member: Int) -> Bool {
    guard members[member].applied < log.count else { return false }
    let entry = log[members[member].applied]
    members[member].applied += 1
    // It was applied to an equal store before.
    _ = try? members[member].store.apply(entry)
    return true
  }

  /// Goes back to the state after the first entries of the log, as a restore from a snapshot does: cluster and member ids
  /// stay the same.
  mutating func restore(entries: Int) {
    log.removeSubrange(entries...)
    committed = MVCCStore(clusterID: Self.clusterID, memberID: 0)
    for entry in log { _ = try? committed.apply(entry) }
    for index in members.indices {
      var member = SimulatedMember(store: MVCCStore(clusterID: Self.clusterID, memberID: UInt64(index + 1)))
      for entry in log { _ = try? member.store.apply(entry) }
      member.applied = log.count
      members[index] = member
    }
  }
}
