import Holdfast
import HoldfastCore

/// What consumers of changes are told must be what happened.
extension Simulation {
  func take(_ batch: ChangeBatch, _ index: Int) {
    let consumer = consumers[index]
    let changes = batch.changes
    let what = batch.isResync ? "a resync" : "\(changes.count) changes"
    tell("\(consumer.name) is told \(what) up to \(batch.revision): \(changes.map { "\($0.key)@\($0.revision)" })")
    fingerprint.add(batch.revision)
    check(
      .changeStreams,
      batch.beginsEpoch || batch.revision > consumer.revision
        || batch.isResync && batch.revision == consumer.revision,
      "\(consumer.name) is told \(batch.revision) after \(consumer.revision)")
    if batch.beginsEpoch {
      consumers[index].owesEpoch = false
      check(
        .epochs, batch.isResync && (record.restores > 0 || consumer.sawLoss),
        "\(consumer.name) is told of an epoch that is none")
    }
    guard let told = consumer.told(after: changes) else {
      check(.changeStreams, false, "\(consumer.name) is told changes that do not fit what it was told: \(what)")
      return
    }
    check(.changeStreams, isInOrder(batch, consumer), "\(consumer.name) is told changes out of order, or twice")

    consumers[index].told = told
    consumers[index].revision = batch.revision
    if consumer.sawLoss { return }

    // Where it can be in more than one history, each is tried.
    let isExact = !batch.isResync && consumer.policy.isExact
    let last = changes.last?.revision ?? consumer.revision
    let history = oracle.histories.indices.dropFirst(consumer.history).first { history in
      !isExact || isExactly(changes, of: consumer, through: last, in: history)
    }
    check(.changeStreams, history != nil, "\(consumer.name) is not told exactly what happened up to \(last)")
    let held = zip(consumer.keys, told).map { (index: $0, keyValue: $1) }
    let end = oracle.history(from: history ?? consumer.history, holding: held, at: batch.revision)
    check(.changeStreams, end != nil, "\(consumer.name) was told something else than the state at \(batch.revision)")
    if let end { consumers[index].history = end }
  }

  /// A resync in key order, each key once; otherwise by revision, and only what is new.
  private func isInOrder(_ batch: ChangeBatch, _ consumer: SimulatedConsumer) -> Bool {
    let changes = batch.changes
    guard changes.allSatisfy({ $0.revision <= batch.revision }) else { return false }
    if batch.isResync { return zip(changes, changes.dropFirst()).allSatisfy { $0.key < $1.key } }
    return (changes.first.map { $0.revision > consumer.revision } ?? true)
      && zip(changes, changes.dropFirst()).allSatisfy { $0.revision <= $1.revision }
  }

  /// Every change of every revision: none left out, none in half.
  private func isExactly(
    _ changes: [BaseChange], of consumer: SimulatedConsumer, through last: Revision,
    in history: Int
  ) -> Bool {
    guard
      let expected = oracle.changes(of: consumer.keys, after: consumer.revision, through: last, in: history)
    else { return false }
    guard expected.count == changes.count else { return false }
    let sorted = changes.sorted { ($0.revision, $0.key) < ($1.revision, $1.key) }
    return zip(sorted, expected.sorted { ($0.revision, Keys.all[$0.key]) < ($1.revision, Keys.all[$1.key]) })
      .allSatisfy { told, real in
        told.key == Keys.all[real.key] && told.revision == real.revision && told.old?.keyValue == real.old
          && told.new?.keyValue == real.new
      }
  }

  /// Reads a cache at a revision of its past.
  func lookBack(_ cache: Int) -> Bool {
    let (machine, window) = (caches[cache].machine, caches[cache].window)
    guard let newest = machine.revision, !caches[cache].hasLossyPast else { return false }
    let revision = Revision(newest.rawValue + 1 - Int64(choices.pick(9)))
    guard revision > .zero else { return false }
    do {
      let base = try window.base(at: revision, from: machine.base)
      let held = caches[cache].keys.map { (index: $0, keyValue: base[Keys.all[$0]]?.keyValue) }
      check(
        .snapshotConsistency, oracle.history(from: 0, holding: held, at: revision) != nil,
        "cache \(cache), read at \(revision), is not what the store was")
    } catch let error as HoldfastError {
      let isRight =
        switch error.code {
        case .futureRevision: revision > newest
        case .compacted:
          window.oldest.map { revision < $0 } ?? true
            || caches[cache].gaps.contains { $0.from < revision && revision < $0.to }
        default: false
        }
      check(.snapshotConsistency, isRight, "cache \(cache) cannot be read at \(revision): \(error)")
    } catch {
      check(.snapshotConsistency, false, "cache \(cache) cannot be read at \(revision): \(error)")
    }
    return true
  }
}
