import Holdfast
import HoldfastCore

/// A comparison of a cache with the store, under way.
struct SimulatedVerification {
  let cache: Int
  let epoch: Int
  let revision: Revision
  let records: RecordMap
  /// How often the store had been restored.
  let restores: Int
}

/// What `Cache.verify()` does: it reads the store at the revision of a snapshot, and tells the machine of differences.
extension Simulation {
  /// Somebody wants a cache to be verified, rather one that has missed something.
  func verify() -> Bool {
    let readable = caches.indices.filter { caches[$0].isReadable }
    let lossy = readable.filter { caches[$0].isLossy }
    guard let cache = choices.pick(lossy.isEmpty ? readable : lossy) else { return false }
    return verify(cache)
  }

  /// False when one is under way.
  func verify(_ cache: Int) -> Bool {
    let isUnderWay = calls.contains {
      if case .verification(let other) = $0.purpose { other.cache == cache } else { false }
    }
    let machine = caches[cache].machine
    guard !isUnderWay, caches[cache].isReadable, let revision = machine.snapshotRevision else { return false }
    let verification = SimulatedVerification(
      cache: cache, epoch: machine.epoch, revision: revision, records: machine.snapshotRecords,
      restores: record.restores)
    tell("cache \(cache): is verified at \(revision)")
    var request = RangeRequest(caches[cache].keyspace.range)
    request.revision = revision
    call(caches[cache].client, .verification(verification), .range(request))
    return true
  }

  func verificationArrived(_ verification: SimulatedVerification, _ result: Result<CallAnswer, HoldfastError>) {
    let cache = verification.cache
    // Compacted meanwhile, or gone: the shell tries again, or leaves it to the next time.
    guard case .success(.range(let answer)) = result else { return }
    let differences = verification.records.differences(from: answer.keyValues)
    tell("cache \(cache): differs from the store at \(verification.revision) in \(differences)")
    if verification.restores == record.restores {
      let state = oracle.histories[oracle.current].state(at: verification.revision)
      let isRight = caches[cache].keys.allSatisfy {
        state?[$0] == verification.records[Keys.all[$0]]?.keyValue
      }
      check(
        .noLostUpdate, differences.isEmpty == isRight,
        "verification of cache \(cache) at \(verification.revision) finds differences in \(differences)")
    }
    guard !differences.isEmpty else { return }
    handle(
      cache,
      .diverged(
        HoldfastError(.dataLoss, "\(differences.count) keys differed"), at: verification.revision,
        epoch: verification.epoch))
    // Whoever was told so looks again.
    if caches[cache].isKnownWrong { beginRead(cache) }
  }

  /// What an input and what came of it say of a cache that something is wrong with.
  func note(
    _ input: SimulatedCache.Machine.Input, _ actions: [SimulatedCache.Machine.Action], _ cache: Int
  ) {
    let isListing = actions.contains { if case .list = $0 { true } else { false } }
    if isListing { caches[cache].isForbidden = false }
    switch input {
    case .listed where actions.reached != nil: (caches[cache].isLossy, caches[cache].isKnownWrong) = (false, false)
    case .diverged where isListing:
      caches[cache].isKnownWrong = true
      count(.differenceFound)
    case .lookAfter where isListing: count(.watchReplaced)
    case .probeFailed(let error, let epoch):
      guard error.code == .permissionDenied, epoch == caches[cache].machine.epoch, caches[cache].watch != nil else {
        break
      }
      caches[cache].isForbidden = true
    case .probed where caches[cache].isForbidden:
      caches[cache].isForbidden = false
      count(.refusalEnded)
    default: break
    }
    guard caches[cache].isForbidden else { return }
    check(
      .failLoud, caches[cache].machine.phase != .live,
      "cache \(cache) says that it is live, though the store refused its last probe")
  }

  private func count(_ repair: Repair) { record.repairs[repair, default: 0] += 1 }

  /// A client may not read any more, or may again. Its watches go on: servers ask for the permission when one is created.
  func changePermission() -> Bool {
    if let client = clients.firstIndex(where: \.isForbidden) {
      guard choices.chance(40) else { return false }
      clients[client].isForbidden = false
      tell("client \(client) may read again")
    } else {
      inject(.readsForbidden)
      clients[choices.pick(clients.count)].isForbidden = true
    }
    return true
  }
}
