package import HoldfastCore

/// A store that tells the truth: what the fuzzers' servers depart from.
package struct ModelStore {
  package private(set) var revision: Revision = 1
  package private(set) var keyValues: [Key: KeyValue] = [:]
  private var events: [WatchEvent] = []
  private var history: [Revision: [Key: KeyValue]] = [1: [:]]

  package init() {}

  package var header: ResponseHeader { ResponseHeader(clusterID: 1, memberID: 1, revision: revision, raftTerm: 1) }

  package mutating func put(_ key: Key, _ value: [UInt8]) -> WatchEvent {
    revision = revision.next
    let held = keyValues[key]
    let keyValue = KeyValue(
      key: key, value: value, createRevision: held?.createRevision ?? revision, modRevision: revision,
      version: (held?.version ?? 0) + 1)
    keyValues[key] = keyValue
    return keep(WatchEvent(.put, keyValue))
  }

  /// Nil when there is no such key.
  package mutating func delete(_ key: Key) -> WatchEvent? {
    guard keyValues.removeValue(forKey: key) != nil else { return nil }
    revision = revision.next
    return keep(.delete(key, at: revision))
  }

  private mutating func keep(_ event: WatchEvent) -> WatchEvent {
    events.append(event)
    history[revision] = keyValues
    return event
  }

  package func events(in range: KeyRange, from start: Revision) -> [WatchEvent] {
    events.filter { $0.modRevision >= start && range.contains($0.key) }
  }

  /// What a range held at a revision, in key order; nil for a revision that never was.
  package func content(_ range: KeyRange, at revision: Revision) -> [KeyValue]? {
    history[revision].map { $0.values.filter { range.contains($0.key) }.sorted { $0.key < $1.key } }
  }

  /// What etcd would answer; nil where it would answer with an error.
  package func answer(_ request: RangeRequest) -> RangeResponse? {
    guard var found = content(request.range, at: request.revision ?? revision) else { return nil }
    let count = Int64(found.count)
    if request.sortTarget == .modRevision { found.sort { $0.modRevision > $1.modRevision } }
    let more = request.limit > 0 && count > request.limit
    if more { found = Array(found.prefix(Int(request.limit))) }
    return RangeResponse(header: header, keyValues: found, more: more, count: count)
  }
}
