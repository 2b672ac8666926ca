internal import HoldfastCore

/// What one key held over time: its versions in the order of their revisions, the oldest first, tombstones included.
struct KeyHistory: Sendable {
  /// What the key held from a revision on; nil when it was deleted there.
  struct Version: Sendable {
    var revision: Revision
    var keyValue: KeyValue?
  }

  private var versions: [Version] = []

  /// Whether nothing is known of the key any more.
  var isEmpty: Bool { versions.isEmpty }

  /// What the key holds now.
  var latest: KeyValue? { versions.last?.keyValue }

  /// What the key held at a revision: the last change at or before it counts.
  func value(at revision: Revision) -> KeyValue? {
    if let last = versions.last, last.revision <= revision { return last.keyValue }
    let end = firstIndex(after: revision)
    return end == 0 ? nil : versions[end - 1].keyValue
  }

  mutating func append(_ keyValue: KeyValue?, at revision: Revision) {
    versions.append(Version(revision: revision, keyValue: keyValue))
  }

  /// Forgets what was overwritten at or before a revision, and a key that was gone by then; returns what it dropped.
  mutating func compact(at revision: Revision) -> ArraySlice<Version> {
    var end = firstIndex(after: revision)
    guard end > 0 else { return [] }
    if versions[end - 1].keyValue != nil { end -= 1 }
    let dropped = versions[..<end]
    if end > 0 { versions = Array(versions[end...]) }
    return dropped
  }

  /// The index of the first version whose revision is greater.
  private func firstIndex(after revision: Revision) -> Int {
    var low = 0
    var high = versions.count
    while low < high {
      let middle = (low + high) / 2
      if versions[middle].revision <= revision { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
