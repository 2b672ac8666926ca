/// Invariant 12: what a consumer of a cache's changes was told is the history, whole revisions in order and without a gap, and
/// where there is one it is told as a resync whose difference leads to the truth. Each change says what was there before.
struct ChangeChecker {
  let oracles: [Oracle]
  let history: History
  /// Of each epoch, in the order of revisions.
  private let changes: [[(key: String, change: Oracle.Change)]]

  /// What a consumer knows from what it was told.
  private struct Consumer {
    var epoch = 0
    var revision: Int64 = 0
    var held: [String: Seen] = [:]
  }

  init(oracles: [Oracle], history: History) {
    self.oracles = oracles
    self.history = history
    changes = oracles.map { oracle in
      oracle.changes.flatMap { key, changes in changes.map { (key: key, change: $0) } }
        .sorted { ($0.change.revision, $0.key) < ($1.change.revision, $1.key) }
    }
  }

  func run() -> CheckReport {
    var report = CheckReport()
    var consumers: [Int: Consumer] = [:]
    for update in history.updates {
      guard var consumer = consumers[update.cache] ?? (update.kind == .initial ? Consumer() : nil) else {
        report.check(.changeStreams, false, "cache \(update.cache): a consumer's first update is \(update.kind)")
        continue
      }
      let problems = take(update, &consumer)
      let revision = max(update.revision, update.changes.map(\.revision).max() ?? 0)
      report.check(.changeStreams, at: revision, problems.isEmpty, "cache \(update.cache): \(problems)")
      consumers[update.cache] = consumer
    }
    return report
  }

  /// What is wrong with an update, which the consumer knows of afterwards.
  private func take(_ update: UpdateRecord, _ consumer: inout Consumer) -> [String] {
    var problems: [String] = []
    if update.kind == .changes {
      problems += order(of: update, consumer)
      problems += gaps(in: update, consumer)
    }
    if update.kind == .initial { consumer.held = [:] }
    for change in update.changes {
      if let problem = contradiction(change, consumer.held[change.key], update.kind) { problems.append(problem) }
      consumer.held[change.key] = change.seen
    }
    if update.kind != .changes {
      // After a restore it may be the truth of a later epoch.
      let fitting = (consumer.epoch..<oracles.count).first {
        isTruth(consumer.held, at: update.revision, in: oracles[$0])
      }
      if let fitting {
        consumer.epoch = fitting
      } else {
        problems.append("\(update.kind) at \(update.revision) is not so")
      }
    }
    consumer.revision = update.revision
    return problems
  }

  private func order(of update: UpdateRecord, _ consumer: Consumer) -> [String] {
    let revisions = update.changes.map(\.revision)
    let isAscending = zip(revisions, revisions.dropFirst()).allSatisfy { $0 <= $1 }
    guard isAscending, revisions.allSatisfy({ $0 > consumer.revision && $0 <= update.revision }) else {
      return ["changes of \(revisions) after \(consumer.revision), up to \(update.revision)"]
    }
    return update.revision > consumer.revision
      ? [] : ["an update at \(update.revision) after one at \(consumer.revision)"]
  }

  private func gaps(in update: UpdateRecord, _ consumer: Consumer) -> [String] {
    let truth = changes[consumer.epoch].drop { $0.change.revision <= consumer.revision }
      .prefix { $0.change.revision <= update.revision }
    let told = update.changes.sorted { ($0.revision, $0.key) < ($1.revision, $1.key) }
    let isSame = truth.elementsEqual(told) { truth, told in
      truth.key == told.key && truth.change.revision == told.revision
        && (told.seen.map { seen in truth.change.seen.map(seen.matches) ?? false } ?? (truth.change.seen == nil))
    }
    if isSame { return [] }
    return ["from \(consumer.revision) to \(update.revision) it was \(Array(truth)), and was told as \(told)"]
  }

  private func contradiction(_ change: UpdateRecord.Change, _ held: Seen?, _ kind: UpdateRecord.Kind) -> String? {
    let isKindTrue =
      switch change.kind {
      case .existing: kind == .initial && held == nil && change.seen != nil
      case .created: held == nil && change.seen != nil
      case .modified: held != nil && change.seen != nil
      case .replaced: kind == .resync && held != nil && change.seen != nil
      case .deleted: held != nil && change.seen == nil
      }
    if !isKindTrue { return "\(change), where there was \(held.map { "\($0)" } ?? "nothing")" }
    // What did not decode before is not told.
    let previous = held?.token == nil ? nil : held
    return change.previous == previous
      ? nil : "\(change), before which there was \(previous.map { "\($0)" } ?? "nothing")"
  }

  private func isTruth(_ held: [String: Seen], at revision: Int64, in oracle: Oracle) -> Bool {
    let truth = oracle.replay(to: revision)
    return truth.count == held.count && held.allSatisfy { key, seen in truth[key].map(seen.matches) ?? false }
  }
}
