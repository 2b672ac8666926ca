import Holdfast

/// What the shell answers: one object each.
struct ShellAnswers: Sendable {
  let keyspace: Keyspace<RawValue>

  private var format: EntryFormat { EntryFormat(prefix: keyspace.prefix) }

  func error(_ error: any Error) -> JSONValue { format.error(HoldfastError(wrapping: error).inTermsOfOptions) }

  func found(_ key: Key, _ stored: Stored<RawValue>?) -> JSONValue {
    let entry = stored.map { format.entry($0.keyValue) } ?? .object(key.members("key")).adding(["value": .null])
    return entry.adding(["ok": true, "found": .bool(stored != nil)])
  }

  func written(_ stored: Stored<RawValue>) -> JSONValue { format.written(stored).adding(["ok": true]) }

  func listing(_ prefix: Key, _ listing: Listing<RawValue>) -> JSONValue {
    .object(prefix.members("prefix")).adding([
      "ok": true, "count": .integer(listing.count), "revision": .integer(listing.revision.rawValue),
      "items": .array(listing.map { format.entry($0.keyValue) }),
    ])
  }

  func deleted(_ count: Int, key: Key) -> JSONValue {
    .object(key.members("key")).adding(["ok": true, "deleted": .integer(count)])
  }

  func deleted(_ count: Int, prefix: Key) -> JSONValue {
    .object(prefix.members("prefix")).adding(["ok": true, "deleted": .integer(count)])
  }

  func health(_ health: CacheHealth) -> JSONValue {
    [
      "ok": true, "state": .string(health.state.name), "quarantined": .integer(health.quarantined),
      "revision": health.revision.map { .integer($0.rawValue) } ?? .null, "cause": health.cause.map(error) ?? .null,
      "progress": health.progress.map { ["keys": .integer($0.keys), "total": .integer($0.total)] } ?? .null,
    ]
  }

  func size(_ size: CacheSize) -> JSONValue {
    ["ok": true, "entries": .integer(size.entries), "bytes": .integer(size.bytes)]
  }

  /// That something is done, and what the cache's state is now.
  func state(_ health: CacheHealth) -> JSONValue {
    [
      "ok": true, "state": .string(health.state.name),
      "revision": health.revision.map { .integer($0.rawValue) } ?? .null,
    ]
  }
}
