import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// How watches learn which member serves them.
extension Simulation {
  /// A watch that stands has waited long enough: it asks, if no answer is on its way. What was sent to it may be.
  func hearNothing() -> Bool {
    let waiting = caches.indices.filter { cache in
      guard !caches[cache].isAnchoring, let watch = caches[cache].watch, watch.deadline != nil else { return false }
      guard let stream = streams.first(where: { $0.id == watch.stream }), stream.watcher != nil else { return false }
      return stream.requests.isEmpty
        && !stream.messages.contains { $0.created || $0.watchID == WatchMessage.broadcastID }
    }
    guard let cache = choices.pick(waiting) else { return false }
    tell("cache \(cache): hears nothing")
    input(cache, .silent(jitter: 1))
    return true
  }

  /// Asks on the connection of a watch: mostly the member that serves it answers, and before anything else happens.
  func ask(_ watch: inout SimulatedWatch, _ stream: Int64) {
    guard let served = streams.first(where: { $0.id == watch.stream }), !served.isBlackHole else { return }
    var identity = MemberIdentity(
      memberID: cluster.members[served.member].store.header.memberID, version: cluster.profile.version)
    switch choices.pick(8) {
    case 5: return inject(.statusLost)
    case 6:
      inject(.statusLate)
      watch.status = (.identified(identity, stream: stream), now + .milliseconds(1 + 3_000 * choices.pick(3)))
      return
    case 7:
      // Something between spreads the calls of a connection over the members of a cluster that is being upgraded.
      inject(.statusOfAnother)
      identity = MemberIdentity(
        memberID: identity.memberID + 1, version: ServerVersion(major: 3, minor: 6, patch: 0))
    default: break
    }
    watch.handle(.identified(identity, stream: stream))
  }

  /// Unlike the client's shell, which waits for an answer only while it waits for messages, this one may bring it at any
  /// time, of a stream that is gone too.
  func statusArrived(_ cache: Int, _ answer: WatchMachine.Input) {
    guard case .watch(let attempt, var watch) = caches[cache].work else { return }
    watch.status = nil
    caches[cache].work = .watch(attempt: attempt, watch)
    tell("cache \(cache): learns that \(answer)")
    input(cache, answer)
  }
}

extension SimulatedWatch {
  var timers: [Duration] { [deadline, wakes, status?.due].compactMap { $0 } }
}
