/// A cache's snapshot, without its type.
struct AtomicSnapshot: Sendable {
  let revision: Revision
  let range: KeyRange
  private let codec: CodecIdentity
  let read: @Sendable (KeyRange) -> [CacheRecord]

  init<Value>(_ snapshot: CacheSnapshot<Value>) {
    revision = snapshot.revision
    range = snapshot.keyspace.range
    codec = snapshot.keyspace.codecIdentity
    let records = snapshot.records
    read = { range in
      range.isSingleKey ? [records[range.start]].compactMap { $0 } : records.records(in: range)
    }
  }

  /// Whether what its cache has made of the bytes is what the keyspace would, and may be handed out.
  func isDecoded<Value>(for keyspace: Keyspace<Value>) -> Bool {
    keyspace.codecIdentity === codec && !keyspace.decodesEachRead
  }

  /// The value of a record that has its bytes, or that was decoded for the keyspace.
  static func value<Value>(of record: CacheRecord, _ keyspace: Keyspace<Value>) throws -> Stored<Value> {
    if let keyValue = record.keyValue { return try keyspace.decode(keyValue) }
    if let failure = record.knownFailure { throw failure }
    guard let storage = record.outcome as? Stored<Value>.Storage else {
      throw HoldfastError(.internal, "neither a value nor its bytes are kept", key: record.key)
    }
    return Stored(storage)
  }
}

/// Tells keyspaces that were made from one another, and so decode alike, from others.
final class CodecIdentity: Sendable {}
