/// What really happened: every change of the keyspace, by key, as a witness outside of our client saw it.
struct Oracle: Sendable {
  struct Change: Hashable, Sendable {
    /// Nil for a delete.
    var seen: Seen?
    var revision: Int64
  }

  private(set) var changes: [String: [Change]] = [:]
  /// The keys each token was written to, with the revisions.
  private(set) var tokens: [Int: [(key: String, revision: Int64)]] = [:]
  /// The last revision that it knows of.
  private(set) var last: Int64 = 0

  /// In the order of their revisions; a server may repeat a change.
  mutating func add(_ key: String, _ change: Change) {
    last = max(last, change.revision)
    if let known = changes[key]?.last, known.revision >= change.revision { return }
    changes[key, default: []].append(change)
    if let token = change.seen?.token { tokens[token, default: []].append((key, change.revision)) }
  }

  mutating func reached(_ revision: Int64) { last = max(last, revision) }

  var keys: Dictionary<String, [Change]>.Keys { changes.keys }
  var count: Int { changes.values.reduce(0) { $0 + $1.count } }

  /// The change that a key's state at a revision comes from; nil before its first.
  func change(of key: String, at revision: Int64) -> Change? {
    index(of: key, at: revision).flatMap { changes[key]?[$0] }
  }

  func state(of key: String, at revision: Int64) -> Seen? { change(of: key, at: revision)?.seen }

  /// The first change of a key after a revision.
  func next(of key: String, after revision: Int64) -> Change? {
    let next = index(of: key, at: revision).map { $0 + 1 } ?? 0
    guard let list = changes[key], next < list.count else { return nil }
    return list[next]
  }

  /// The first delete of a key after a revision.
  func delete(of key: String, after revision: Int64) -> Change? {
    let next = index(of: key, at: revision).map { $0 + 1 } ?? 0
    guard let list = changes[key], next < list.count else { return nil }
    return list[next...].first { $0.seen == nil }
  }

  /// The whole keyspace at a revision.
  func replay(to revision: Int64) -> [String: Seen] {
    changes.keys.reduce(into: [:]) { $0[$1] = state(of: $1, at: revision) }
  }

  private func index(of key: String, at revision: Int64) -> Int? {
    guard let list = changes[key], let first = list.first, first.revision <= revision else { return nil }
    var (low, high) = (0, list.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if list[middle].revision <= revision { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
