/// A folder of the store whose values are all of one type: where they are, what their keys are, how they are encoded.
///
/// A keyspace is a value that does nothing by itself. Its functions (`get`, `create`, `update`, …) make ``StoreOperation``s,
/// which a ``Store`` executes alone or in a transaction; ``Cache`` serves its reads from memory.
public struct Keyspace<Value: Sendable>: Sendable {
  /// The whole prefix, always ending in a slash (unless it is empty, which means the whole store).
  public let prefix: Key
  /// How values become bytes.
  public let codec: any Codec<Value>
  /// Whether caches decode a value anew for each read instead of handing out the one they hold. On for classes, so that no
  /// caller can change what others read; set it for structs that share mutable state through a reference.
  public var decodesEachRead: Bool

  private let keyFunction: @Sendable (Value) -> Key

  /// - Parameters:
  ///   - prefix: Where the values are; a missing slash at the end is added.
  ///   - codec: How values become bytes.
  ///   - key: The key of a value below the prefix, such as `mail/42`. Its parts must not be empty, `.` or `..`.
  public init<K: KeyRepresentable>(
    prefix: Key, codec: any Codec<Value>, key: @escaping @Sendable (Value) -> K
  ) {
    self.prefix = prefix.asFolder
    self.codec = codec
    self.keyFunction = { key($0).key }
    self.decodesEachRead = Value.self is AnyClass
  }

  /// A keyspace of JSON values.
  public init<K: KeyRepresentable>(prefix: Key, key: @escaping @Sendable (Value) -> K) where Value: Codable {
    self.init(prefix: prefix, codec: JSONCodec<Value>(), key: key)
  }

  /// Every key of the keyspace.
  public var range: KeyRange { .prefix(prefix) }

  /// The whole key of a key relative to the keyspace.
  public func storeKey(for key: some KeyRepresentable) -> Key { prefix.appending(key.key) }

  /// The key of a value, relative to the keyspace, as its key function gives it.
  public func key(of value: Value) -> Key { keyFunction(value) }

  /// A value that was never stored: an update with it creates it.
  public func draft(_ value: Value) -> Stored<Value> {
    let key = key(of: value)
    let keyValue = KeyValue(
      key: prefix.appending(key), value: [], createRevision: .zero, modRevision: .zero, version: 0)
    return Stored(StoredEntry(value, keyValue, details(of: keyValue.key)))
  }

  /// The value of a raw key-value of the store, with any metadata.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` that names the key and the cause, and no part of the value.
  public func decode(_ keyValue: KeyValue) throws -> Stored<Value> {
    try decode(keyValue, keepsBytes: false)
  }

  /// - Parameter keepsBytes: Whether the result keeps the value's bytes: for a cache, which compares them.
  func decode(_ keyValue: KeyValue, keepsBytes: Bool) throws -> Stored<Value> {
    do {
      return stored(try codec.decode(keyValue.value), keyValue, keepsBytes: keepsBytes)
    } catch {
      throw HoldfastError(
        .decodingFailed, "the value (\(keyValue.value.count) bytes) is no \(Value.self): \(reason(error))",
        key: keyValue.key, revision: keyValue.modRevision, cause: error)
    }
  }

  /// The bytes of a value, as they would be stored.
  ///
  /// - Throws: ``HoldfastError`` with code `encodingFailed`.
  public func encode(_ value: Value) throws -> [UInt8] {
    do {
      return try codec.encode(value)
    } catch {
      throw HoldfastError(
        .encodingFailed, "a \(Value.self) could not be encoded: \(reason(error))", key: storeKey(for: key(of: value)),
        outcome: .refused, cause: error)
    }
  }

  /// The key without the prefix; a key from elsewhere stays whole.
  func relativeKey(of storeKey: Key) -> Key { storeKey.dropping(prefix: prefix) ?? storeKey }

  func stored(
    _ value: Value, _ keyValue: KeyValue, result: WriteResult<Value>? = nil, keepsBytes: Bool = false
  ) -> Stored<Value> {
    var details = details(of: keyValue.key)
    details.isMisplaced = !keyValue.key.bytes.dropFirst(Int(details.prefixLength)).elementsEqual(key(of: value).bytes)
    details.result = result
    var keyValue = keyValue
    if !keepsBytes { keyValue.value = [] }
    return Stored(StoredEntry(value, keyValue, details))
  }

  private func details(of storeKey: Key) -> StoredDetails<Value> {
    StoredDetails(prefixLength: storeKey.hasPrefix(prefix) ? Int32(clamping: prefix.bytes.count) : 0)
  }

  func quarantined(_ keyValue: KeyValue, _ error: HoldfastError) -> QuarantinedKey {
    QuarantinedKey(
      key: relativeKey(of: keyValue.key), storeKey: keyValue.key, modRevision: keyValue.modRevision, error: error)
  }

  /// Decodes what decodes, and names the rest.
  func decodeAll(_ keyValues: [KeyValue]) -> (values: [Stored<Value>], quarantined: [QuarantinedKey]) {
    var values: [Stored<Value>] = []
    var quarantined: [QuarantinedKey] = []
    values.reserveCapacity(keyValues.count)
    for keyValue in keyValues {
      do {
        values.append(try decode(keyValue))
      } catch {
        quarantined.append(self.quarantined(keyValue, HoldfastError(wrapping: error)))
      }
    }
    return (values, quarantined)
  }

  /// The range of a prefix below this keyspace, by the one slash rule.
  func range(ofPrefix prefix: some KeyRepresentable) -> KeyRange {
    .prefix(self.prefix.appending(prefix.key.asFolder))
  }

  /// The range between two keys below this keyspace; without an end it goes on to the keyspace's last key.
  func range(from start: Key, to end: Key?) -> KeyRange {
    KeyRange(start: prefix.appending(start), end: end.map { prefix.appending($0) } ?? range.end)
  }
}

/// What went wrong, without the value: decoding errors carry parts of it in their debug description.
private func reason(_ error: any Error) -> String {
  switch error {
  case let error as CodecError: error.description
  case DecodingError.keyNotFound(let key, _): "the field '\(key.stringValue)' is missing"
  case DecodingError.typeMismatch(_, let context): "wrong type at '\(path(context.codingPath))'"
  case DecodingError.valueNotFound(_, let context): "null at '\(path(context.codingPath))'"
  case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty: "malformed data"
  case DecodingError.dataCorrupted(let context): "malformed data at '\(path(context.codingPath))'"
  case EncodingError.invalidValue(_, let context): "invalid value at '\(path(context.codingPath))'"
  default: "\(type(of: error))"
  }
}

/// The field at the top only, and only if the type names it (its coding keys are an enumeration): the keys of a dictionary are
/// data.
private func path(_ codingPath: [any CodingKey]) -> String {
  guard let key = codingPath.first, Mirror(reflecting: key).displayStyle == .enum else { return "the top level" }
  return key.stringValue
}
