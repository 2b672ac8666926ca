import Holdfast

/// A value as bytes, with the key that it is to be written under: the tool knows nothing of the types that programs store.
struct RawValue: Hashable, Sendable {
  /// Relative to the keyspace. Values that were read have none here, since it is not in their bytes; ``Stored/key`` has it.
  var key: Key
  var bytes: [UInt8]
}

/// Writes bytes as they are given and reads them as they are stored.
struct RawCodec: Codec {
  func encode(_ value: RawValue) throws -> [UInt8] { value.bytes }
  func decode(_ bytes: [UInt8]) throws -> RawValue { RawValue(key: "", bytes: bytes) }
}

extension Keyspace where Value == RawValue {
  /// Everything below a prefix, by Holdfast's rule: `/a/1` means `/a/1/` and never `/a/10`.
  static func raw(below prefix: Key) -> Keyspace { Keyspace(prefix: prefix, codec: RawCodec()) { $0.key } }

  /// The operation that deletes a key if it was last changed at this revision.
  func delete(_ key: Key, ifRevision revision: Revision) throws -> StoreOperation<Int> {
    let held = KeyValue(
      key: storeKey(for: key), value: [], createRevision: revision, modRevision: revision, version: 1)
    return delete(try decode(held))
  }
}

extension Stored<RawValue> {
  /// As the store has it.
  var keyValue: KeyValue {
    KeyValue(
      key: storeKey, value: value.bytes, createRevision: createRevision, modRevision: modRevision, version: version,
      lease: lease)
  }
}

/// A whole key of the store, as the folder it is in and its name there. So the tool writes with the same operations, and the
/// same refusals, as every program that uses a keyspace.
struct Place: Hashable, Sendable {
  let folder: Key
  let name: Key

  init(_ key: Key) {
    let end = key.bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    folder = Key(bytes: key.bytes[..<end])
    name = Key(bytes: key.bytes[end...])
  }

  init(_ text: String) throws {
    guard !text.isEmpty else { throw HoldfastError(.invalidArgument, "the key is empty") }
    self.init(Key(text))
  }

  var key: Key { folder.appending(name) }
  var keyspace: Keyspace<RawValue> { .raw(below: folder) }

  func value(_ bytes: [UInt8]) -> RawValue { RawValue(key: name, bytes: bytes) }
}
