import Holdfast
import Testing

typealias TestBase = RecordMap

/// Moves a base, and hands each step on.
struct StepMaker {
  var base = TestBase()
  var revision: Revision = 1
  var epoch = 0
  var history = HistoryWindow()
  /// Each base there was.
  private(set) var past: [Revision: TestBase] = [:]

  init(limit: HistoryWindow.Limit = .init()) {
    history = HistoryWindow(limit: limit)
    history.add(BaseStep(.loaded, from: 1, to: 1, epoch: 0))
    past[1] = base
  }

  /// Revisions with their writes, nil for a delete; each is the next one.
  mutating func watch(_ revisions: [(String, String?)]...) -> ChangeQueue.Input {
    var changes: [BaseChange] = []
    let from = revision
    for writes in revisions {
      revision = revision.next
      for (key, value) in writes { set(key, value).map { changes.append($0) } }
      past[revision] = base
    }
    return step(.changes, from, changes)
  }

  mutating func progress() -> ChangeQueue.Input { watch([]) }

  /// A list so many revisions later, with what it shows to have changed.
  mutating func list(
    skipping: Int64 = 3, _ writes: [(String, String?)], isContinuous: Bool = true
  ) -> ChangeQueue.Input {
    let (from, before) = (revision, base)
    revision = Revision(revision.rawValue + skipping)
    for (key, value) in writes { _ = set(key, value) }
    past[revision] = base
    return step(
      .resync(isContinuous: isContinuous), from, before.difference(to: base, in: .all, at: revision))
  }

  private mutating func set(_ key: String, _ value: String?) -> BaseChange? {
    let old = base[Key(key)]
    let new = value.map { machineRow(key, $0, revision, created: old?.createRevision) }
    base[Key(key)] = new
    return old == nil && new == nil ? nil : BaseChange(key: Key(key), revision: revision, old: old, new: new)
  }

  private mutating func step(
    _ kind: BaseStep.Kind, _ from: Revision, _ changes: [BaseChange]
  ) -> ChangeQueue.Input {
    let step = BaseStep(kind, from: from, to: revision, epoch: epoch, changes: changes)
    history.add(step)
    return .advanced(step, base: base)
  }

  func queue(
    _ policy: ChangePolicy, range: KeyRange = .all, progressInterval: Int? = nil
  ) -> ChangeQueue {
    ChangeQueue(range: range, policy: policy, epoch: epoch, progressInterval: progressInterval)
  }

  /// What the consumer takes now, in words.
  func take(_ queue: inout ChangeQueue) -> String? {
    for action in queue.handle(.demanded) {
      switch action {
      case .deliver(let batch): return batch.text
      case .needBase:
        for case .resync(let loss) in queue.handle(.based(revision, epoch: epoch)) {
          return loss.batch(to: base, at: revision, epoch: epoch).text
        }
      case .finish(let error): return "end: \(error.code)"
      case .wake, .resync: break
      }
    }
    return nil
  }

  func takeAll(_ queue: inout ChangeQueue) -> [String] {
    var all: [String] = []
    while let next = take(&queue) { all.append(next) }
    return all
  }
}

extension ChangeBatch {
  /// `5: +a=1@4 ~b=1>2@5 *c=1>2@5 -d=1@5`, with `resync` or `epoch` in front.
  var text: String {
    let mark = beginsEpoch ? "epoch " : isResync ? "resync " : ""
    let parts = changes.map { change -> String in
      let (old, new) = (change.old?.text ?? "", change.new?.text ?? "")
      return switch change.kind {
      case .created: "+\(change.key)=\(new)@\(change.revision)"
      case .modified: "~\(change.key)=\(old)>\(new)@\(change.revision)"
      case .replaced: "*\(change.key)=\(old)>\(new)@\(change.revision)"
      case .deleted: "-\(change.key)=\(old)@\(change.revision)"
      }
    }
    return "\(mark)\(revision): \(parts.joined(separator: " "))".trimmed
  }
}

extension String {
  fileprivate var trimmed: String { last == " " ? String(dropLast()) : self }
}

extension CacheConfiguration {
  /// Remembers so many revisions.
  static func remembering(_ revisions: Int) -> CacheConfiguration {
    var configuration = quick
    configuration.historyRevisions = revisions
    return configuration
  }
}
