import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// What happens to members.
extension Simulation {
  private func pickMember(_ isWanted: (SimulatedMember) -> Bool) -> Int? {
    choices.pick(cluster.members.indices.filter { isWanted(cluster.members[$0]) })
  }

  /// A member applies the next entry of the log.
  func replicate() -> Bool {
    let count = cluster.log.count
    guard let member = pickMember({ $0.isUp && !$0.isPartitioned && $0.applied < count }) else { return false }
    if cluster.members[member].applied + 5 < count { inject(.lateReplication) }
    return apply(member)
  }

  func catchUp(_ member: Int) {
    while apply(member) {}
  }

  private func apply(_ member: Int) -> Bool {
    guard cluster.applyNext(member) else { return false }
    push(member)
    return true
  }

  /// Most members must keep their quorum.
  private var canLoseMember: Bool {
    let lost = cluster.members.count { !$0.isUp || $0.isPartitioned }
    return cluster.members.count == 1 || lost == 0
  }

  func partition() -> Bool {
    guard cluster.members.count > 1, canLoseMember, let member = pickMember(\.isUp) else { return false }
    inject(.partition)
    cluster.members[member].isPartitioned = true
    return true
  }

  func heal() -> Bool {
    guard let member = pickMember(\.isPartitioned) else { return false }
    tell("member \(member) is back in the quorum")
    cluster.members[member].isPartitioned = false
    if cluster.profile.readsStaleAfterPause, choices.chance(50) { cluster.members[member].staleReads = 1 }
    return true
  }

  func stopMember() -> Bool {
    guard canLoseMember, let member = pickMember(\.isUp) else { return false }
    inject(.memberDown)
    cluster.members[member].isUp = false
    dropConnections(of: member)
    return true
  }

  func startMember() -> Bool {
    guard let member = pickMember({ !$0.isUp }) else { return false }
    tell("member \(member) is up again")
    cluster.members[member].isUp = true
    cluster.members[member].isPartitioned = false
    return true
  }

  func compact() -> Bool {
    var revision = Revision(cluster.committed.revision.rawValue - Int64(choices.pick(6)))
    // What a watch that lags is to be sent next is what a server loses then.
    let positions = losesEvents ? streams.compactMap { $0.watcher.flatMap { $0.isSynced ? nil : $0.position } } : []
    if let next = choices.pick(positions) { revision = min(next, cluster.committed.revision) }
    guard revision > (cluster.committed.compactRevision ?? .zero), revision > .zero else { return false }
    inject(.compaction)
    commit(.compact(revision))
    return true
  }

  /// The whole cluster goes back to what it was some entries ago.
  func restore() -> Bool {
    guard cluster.log.count > 3 else { return false }
    inject(.restore)
    cluster.restore(entries: cluster.log.count - 1 - choices.pick(min(8, cluster.log.count - 1)))
    oracle.restore(to: cluster.committed.revision)
    record.restores += 1
    acknowledged = min(acknowledged, cluster.committed.revision)
    registers.restored()
    tell("restored to revision \(cluster.committed.revision)")
    for member in cluster.members.indices { dropConnections(of: member) }
    return true
  }
}
