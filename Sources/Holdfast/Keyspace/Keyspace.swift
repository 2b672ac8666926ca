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
  /// Of a projection: the value of the stored bytes, and the key that the whole value has. See ``map(_:)``.
  private let projection: (@Sendable ([UInt8]) throws -> (value: Value, key: Key))?
  /// Of this keyspace and its copies.
  let codecIdentity = CodecIdentity()

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
    self.projection = nil
    self.decodesEachRead = Value.self is AnyClass
  }

  /// What the closure makes of another keyspace's values.
  init<Whole>(
    projecting whole: Keyspace<Whole>, _ transform: @escaping @Sendable (Whole) throws -> Value
  ) {
    self.prefix = whole.prefix
    self.codec = ProjectionCodec(whole: whole.codec, transform: transform)
    // Nobody can tell it from a part of the value.
    self.keyFunction = { _ in Key(bytes: []) }
    self.projection = {
      let (value, key) = try whole.read($0)
      return (try transform(value), key)
    }
    // A part of a struct that shares something may share it as well; what comes out of a class is a copy, as a rule.
    self.decodesEachRead = Value.self is AnyClass || whole.decodesEachRead && !(Whole.self is AnyClass)
  }

  /// A keyspace of JSON values.
  public init<K: KeyRepresentable>(prefix: Key, key: @escaping @Sendable (Value) -> K) where Value: Codable {
    self.init(prefix: prefix, codec: JSONCodec<Value>(), key: key)
  }

  /// Every key of the keyspace.
  public var range: KeyRange { .prefix(prefix) }

  /// The whole key of a key relative to the keyspace.
  public func storeKey(for key: some KeyRepresentable) -> Key { prefix.appending(key.key) }

  /// The key of a value, relative to the keyspace, as its key function gives it; empty in a projection (``map(_:)``).
  public func key(of value: Value) -> Key { keyFunction(value) }

  /// A value that was never stored: an update with it creates it.
  public func draft(_ value: Value) -> Stored<Value> {
    Stored(
      value: value,
      meta: .init(storeKey: prefix.appending(key(of: value)), prefixLength: UInt32(clamping: prefix.bytes.count)))
  }

  /// The value of a raw key-value of the store, with any metadata.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` that names the key and the cause, and no part of the value.
  public func decode(_ keyValue: KeyValue) throws -> Stored<Value> {
    do {
      let (value, key) = try read(keyValue.value)
      return stored(value, keyValue, key: key)
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
    try checkWritable()
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

  /// The value of stored bytes, and the key that it has by the key function.
  private func read(_ bytes: [UInt8]) throws -> (value: Value, key: Key) {
    if let projection { return try projection(bytes) }
    let value = try codec.decode(bytes)
    return (value, key(of: value))
  }

  /// - Throws: ``HoldfastError`` with code `encodingFailed` where values are only parts of what is stored.
  func checkWritable() throws {
    guard projection != nil else { return }
    throw HoldfastError(
      .encodingFailed, "a \(Value.self) is no whole value: \(CodecError.projection)", key: prefix, outcome: .refused)
  }

  /// - Parameter key: What the key function says.
  func stored(_ value: Value, _ keyValue: KeyValue, key: Key) -> Stored<Value> {
    let prefixLength = keyValue.key.hasPrefix(prefix) ? prefix.bytes.count : 0
    let isMisplaced = !key.bytes.elementsEqual(keyValue.key.bytes.dropFirst(prefixLength))
    return Stored(
      value: value,
      meta: .init(
        storeKey: keyValue.key, version: keyValue.version, createRevision: keyValue.createRevision,
        modRevision: keyValue.modRevision, lease: keyValue.lease, isMisplaced: isMisplaced,
        // An etcd key of that length is refused.
        prefixLength: UInt32(clamping: prefixLength)))
  }

  func quarantined(_ storeKey: Key, _ modRevision: Revision, _ error: HoldfastError) -> QuarantinedKey {
    QuarantinedKey(key: relativeKey(of: storeKey), storeKey: storeKey, modRevision: modRevision, error: error)
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
        quarantined.append(self.quarantined(keyValue.key, keyValue.modRevision, HoldfastError(wrapping: error)))
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
  case DecodingError.dataCorrupted(let context): "a value at '\(path(context.codingPath))' that the type does not take"
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
