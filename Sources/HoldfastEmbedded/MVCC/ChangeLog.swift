internal import HoldfastCore

/// The changes of every revision since the last compaction, in order. Each revision has at least one.
struct ChangeLog: Sendable {
  /// The revision of the first entry, or of the next one when there is none. A store begins at 1, so 2 is the first write.
  private var first: Revision = 2
  private var changes: [[WatchEvent]] = []

  /// Adds the changes of the next revision.
  mutating func append(_ events: [WatchEvent]) { changes.append(events) }

  /// Drops every revision before this one.
  mutating func drop(before revision: Revision) {
    let count = Int(revision.rawValue - first.rawValue)
    guard count > 0 else { return }
    changes.removeFirst(min(count, changes.count))
    first = revision
  }

  /// The changes of each revision from `start` on, oldest first; nothing for revisions that are gone or yet to come.
  func revisions(from start: Revision) -> ArraySlice<[WatchEvent]> {
    guard start > first else { return changes[...] }
    let offset = start.rawValue - first.rawValue
    return offset >= changes.count ? [] : changes[Int(offset)...]
  }
}
