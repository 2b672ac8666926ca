import Holdfast

/// How keys, values and errors look in JSON.
struct EntryFormat: Sendable {
  /// What keys are shown without: the shell's prefix, or nothing.
  var prefix = Key(bytes: [])
  /// Show values as they are stored, compressed ones compressed.
  var isRaw = false

  func relative(_ key: Key) -> Key { key.dropping(prefix: prefix) ?? key }

  func key(_ key: Key) -> [String: JSONValue] { relative(key).members("key") }

  /// Everything about a key but what it holds.
  func metadata(_ entry: KeyValue) -> JSONValue {
    var members = key(entry.key)
    members["version"] = .integer(entry.version)
    members["createRevision"] = .integer(entry.createRevision.rawValue)
    members["modRevision"] = .integer(entry.modRevision.rawValue)
    if let lease = entry.lease { members["lease"] = .string("\(lease)") }
    return .object(members)
  }

  func entry(_ entry: KeyValue) -> JSONValue {
    metadata(entry).adding(ShownValue(entry.value, isRaw: isRaw).members)
  }

  /// What a write has made of a key, at the revision of the write.
  func written(_ stored: Stored<RawValue>) -> JSONValue {
    var members: [String: JSONValue] = ["revision": .integer(stored.modRevision.rawValue)]
    if let ttl = stored.leaseTTL { members["ttl"] = .integer(ttl.components.seconds) }
    return metadata(stored.keyValue).adding(members)
  }

  func error(_ error: HoldfastError) -> JSONValue {
    var members: [String: JSONValue] = ["error": .string(error.code.name), "message": .string(error.message)]
    if let key = error.key, !relative(key).isEmpty { members.merge(self.key(key)) { $1 } }
    if let outcome = error.outcome { members["outcome"] = .string(outcome.rawValue) }
    if let revision = error.revision { members["revision"] = .integer(revision.rawValue) }
    if let revision = error.compactRevision { members["compactRevision"] = .integer(revision.rawValue) }
    if let current = error.current { members["current"] = entry(current) }
    return .object(members)
  }
}

extension JSONValue {
  init(_ error: HoldfastError) { self = EntryFormat().error(error) }
}
