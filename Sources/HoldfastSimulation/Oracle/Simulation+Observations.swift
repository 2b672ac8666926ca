import Holdfast
import HoldfastCore

/// What a cache's readers may see.
extension Simulation {
  /// Looks at a key as a local reader does.
  func observe(_ key: Int, _ cache: Int) {
    let seen = caches[cache]
    guard seen.isReadable else { return }
    let floor = seen.observed.floors[key]
    let name = Keys.all[key]
    guard let record = seen.index[key] else {
      let gone = oracle.histories.indices.dropFirst(seen.observed.oldest).lazy
        .compactMap { self.oracle.absence(of: key, from: floor.revision, in: $0) }.min()
      checkFloor(
        cache, floor, gone != nil,
        "cache \(cache) shows nothing under \(name), which exists since before \(floor.revision) (\(floor.reason))")
      if let gone { caches[cache].observed.raise(key, to: gone, .gone) }
      return
    }
    // The simulation's caches keep all bytes.
    guard let keyValue = record.keyValue else {
      return check(.noThinAir, false, "cache \(cache) has not kept the bytes of \(name)")
    }
    checkFloor(
      cache, floor, keyValue.modRevision >= floor.revision,
      "cache \(cache) shows \(name) of \(keyValue.modRevision), after \(floor.revision) (\(floor.reason))")
    check(.noThinAir, oracle.knows(keyValue, index: key), "cache \(cache) shows \(keyValue), which never was")
    let isMalformed = keyValue.value.first == 0xFF
    let isQuarantined = record.knownFailure != nil
    if isMalformed || seen.observed.quarantined.contains(key) {
      check(.malformedValues, isMalformed == isQuarantined, "cache \(cache) takes the value of \(name) for another one")
    }
    if isMalformed {
      caches[cache].observed.quarantined.insert(key)
    } else {
      caches[cache].observed.quarantined.remove(key)
    }
    caches[cache].observed.raise(key, to: keyValue.modRevision, .seen)
    if Keys.pair.contains(name), seen.keys.contains(key) { observePair(cache) }
    if keyValue.lease != nil { count(.leases) }
  }

  /// Where nothing was seen before, nothing can be undone, and that is no check; nor is it one where a server left something out.
  private func checkFloor(
    _ cache: Int, _ floor: Observations.Floor, _ holds: Bool, _ message: @autoclosure () -> String
  ) {
    if !caches[cache].isLossy, floor.revision > .zero { check(floor.reason.invariant, holds, message()) }
  }

  private func observePair(_ cache: Int) {
    if caches[cache].isLossy { return }
    let tokens = Keys.pair.map { key in
      Keys.index(key).flatMap { caches[cache].index[$0] }.map { SimulatedCodec.token($0.keyValue?.value ?? []) }
    }
    check(.atomicTransactions, tokens[0] == tokens[1], "cache \(cache) shows half of a transaction: \(tokens)")
  }

  /// Looks at the base whenever it moves: it is the range at one revision.
  func observeBase(_ cache: Int, _ revision: Revision) {
    let seen = caches[cache].observed
    check(
      .monotonicSnapshots, revision >= seen.snapshot, "cache \(cache) went back from \(seen.snapshot) to \(revision)")
    caches[cache].observed.snapshot = revision
    let history = oracle.history(from: seen.history, holding: caches[cache].base, at: revision)
    if !caches[cache].isLossy {
      check(
        .noLostUpdate, history != nil,
        "the base of cache \(cache) is not what the store was at \(revision): \(differences(cache, revision))")
      count(.snapshotConsistency)
    }
    if oracle.histories.count > 1 { count(.epochs) }
    if let history { caches[cache].observed.history = history }
    observeSnapshot(cache)
    for key in caches[cache].keys {
      let visible = caches[cache].machine.visible(Keys.all[key])?.keyValue
      check(
        .readYourWrites, visible == caches[cache].index[key]?.keyValue,
        "cache \(cache) has not published what it holds under \(Keys.all[key])")
    }
    if caches[cache].machine.base.count > caches[cache].base.count { check(.noThinAir, false, "keys that never were") }
  }

  /// Looks at what a snapshot would show now: the range at the revision that it states.
  func observeSnapshot(_ cache: Int) {
    let seen = caches[cache]
    guard seen.isReadable, let revision = seen.machine.snapshotRevision else { return }
    check(
      .monotonicSnapshots, revision >= seen.observed.proven,
      "snapshots of cache \(cache) go from \(seen.observed.proven) back to \(revision)")
    caches[cache].observed.proven = revision
    if seen.isLossy { return }
    let shown = snapshot(cache)
    check(
      .snapshotConsistency, oracle.history(from: seen.observed.history, holding: shown, at: revision) != nil,
      "a snapshot of cache \(cache) is not what the store was at \(revision)")
  }

  /// The keys at which a base differs from the newest history.
  private func differences(_ cache: Int, _ revision: Revision) -> String {
    let state = oracle.histories[oracle.current].state(at: revision)
    return caches[cache].base.filter { state?[$0.index] != $0.keyValue }
      .map {
        "\(Keys.all[$0.index])@\($0.keyValue?.modRevision ?? .zero), not \(state?[$0.index]?.modRevision ?? .zero)"
      }
      .joined(separator: ", ")
  }

  func count(_ invariant: Invariant) { record.checks[invariant.rawValue] += 1 }
}

extension Observations.Reason {
  /// What is broken when a reader sees something older.
  var invariant: Invariant {
    switch self {
    case .seen: .monotonicReads
    case .gone, .deleted: .noResurrection
    case .written: .readYourWrites
    }
  }
}
