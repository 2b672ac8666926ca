import Holdfast
import HoldfastCore

/// Who follows the changes of one cache. The one of the second cache is slow, and little is kept for it.
struct Consumer {
  let stage: Stage
  let cache: Int

  private var isSlow: Bool { cache == 1 }

  /// Until it is cancelled.
  func run() async throws {
    let policy = isSlow ? ChangePolicy.dropAndResync.limited(entries: 20) : .dropAndResync
    for try await update in stage.caches[cache].changes(policy: policy) {
      stage.recorder.add(UpdateRecord(cache, update))
      if isSlow, !stage.isStopped { try? await Task.sleep(for: .milliseconds(100)) }
    }
  }
}

extension UpdateRecord {
  init(_ cache: Int, _ update: KeyspaceUpdate<Thing>) {
    let kind: Kind =
      switch update.kind {
      case .initial: .initial
      case .changes: .changes
      case .resync: .resync
      }
    self.init(
      cache: cache, kind: kind, revision: update.revision.rawValue, changes: update.changes.map(Change.init))
  }
}

extension UpdateRecord.Change {
  init(_ change: KeyspaceChange<Thing>) {
    let kind: UpdateRecord.ChangeKind =
      switch change.kind {
      case .existing: .existing
      case .created: .created
      case .modified: .modified
      case .replaced: .replaced
      case .deleted: .deleted
      }
    let quarantined = change.error.map { _ in Seen(token: nil, modRevision: change.revision.rawValue) }
    self.init(
      key: change.key.description, kind: kind, revision: change.revision.rawValue,
      seen: change.stored.map { Seen($0) } ?? quarantined, previous: change.previous.map { Seen($0) })
  }
}
