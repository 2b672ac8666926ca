/// One change of one key.
public struct WatchEvent: Hashable, Sendable {
  public enum Kind: Sendable { case put, delete }

  public var kind: Kind
  /// For a put the whole key-value; for a delete only `key` and `modRevision` mean anything.
  public var keyValue: KeyValue
  /// What the key held before, when it was asked for and the store still has it.
  public var previous: KeyValue?

  public init(_ kind: Kind, _ keyValue: KeyValue, previous: KeyValue? = nil) {
    self.kind = kind
    self.keyValue = keyValue
    self.previous = previous
  }

  /// A delete of a key at a revision.
  public static func delete(_ key: Key, at revision: Revision, previous: KeyValue? = nil) -> WatchEvent {
    let tombstone = KeyValue(key: key, value: [], createRevision: .zero, modRevision: revision, version: 0)
    return WatchEvent(.delete, tombstone, previous: previous)
  }

  public var key: Key { keyValue.key }
  public var modRevision: Revision { keyValue.modRevision }
}

/// Changes in the order of their revisions: whole revisions only, one or more of them.
public struct WatchBatch: Hashable, Sendable {
  /// The store's revision when it sent this. It may be far beyond the last event's: order by `modRevision` only.
  public var header: ResponseHeader
  public var events: [WatchEvent]

  public init(header: ResponseHeader, events: [WatchEvent]) {
    self.header = header
    self.events = events
  }
}
