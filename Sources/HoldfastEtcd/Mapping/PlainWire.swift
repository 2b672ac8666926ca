import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

/// Key-values straight from the bytes of an answer: lists and watches are made of little else, and the library's way, a message of `Data`
/// for each of them that is then copied, costs them most of their time.
///
/// It reads what etcd writes. Whatever is not as plain (repeated messages, groups, malformed bytes) it leaves to the library by
/// returning nil, so that there is one opinion on that.
///
/// A hostile server's answer of tiny elements must not become a hundred times its bytes. Each has a key, room is made for exactly as
/// many as there are, none of a large answer is smaller than etcd's are, and the library, which needs more, gets no large answer.
enum PlainWire {
  /// What is no larger costs little, whatever it is made of.
  static let smallAnswer = 1 << 20
  /// What an element has at least, on the average. etcd's smallest has eleven bytes: a key of one, and revisions.
  static let smallestElement = 10

  /// The answer without its key-values, in its wire form, and these.
  ///
  /// - Throws: `MalformedAnswer` where one has no key.
  static func range(_ bytes: [UInt8]) throws -> (rest: [UInt8], keyValues: [KeyValue])? {
    try split(bytes, field: 2, keyValue).map { ($0.rest, $0.elements) }
  }

  /// The message without its events, in its wire form, and these.
  ///
  /// - Throws: `MalformedAnswer` where one has no key.
  static func watch(_ bytes: [UInt8]) throws -> (rest: [UInt8], events: [WatchMessage.Event])? {
    try split(bytes, field: 11, event).map { ($0.rest, $0.elements) }
  }

  private static func split<Element>(
    _ bytes: [UInt8], field number: UInt64, _ element: (inout PlainReader) throws -> Element?
  ) throws -> (rest: [UInt8], elements: [Element])? {
    if let parts = try parts(bytes, field: number, element) { return parts }
    guard bytes.count <= smallAnswer else {
      throw MalformedAnswer("it cannot be decoded, or is nothing that etcd sends")
    }
    return nil
  }

  /// Takes the elements of one repeated field out of a message.
  private static func parts<Element>(
    _ bytes: [UInt8], field number: UInt64, _ element: (inout PlainReader) throws -> Element?
  ) throws -> (rest: [UInt8], elements: [Element])? {
    try bytes.withUnsafeBytes { bytes in
      var reader = PlainReader(bytes)
      var rest: [UInt8] = []
      var elements: [Element] = []
      guard let count = reader.count(of: number) else { return nil }
      guard bytes.count <= smallAnswer || count <= bytes.count / smallestElement else {
        throw MalformedAnswer("it has more key-values than etcd could make of so few bytes")
      }
      elements.reserveCapacity(count)
      while !reader.isAtEnd {
        let start = reader.position
        guard let (field, type) = reader.tag() else { return nil }
        if field == number {
          guard type == .bytes, var inner = reader.nested(), let made = try element(&inner) else { return nil }
          elements.append(made)
        } else {
          guard reader.skip(type) else { return nil }
          rest += bytes[start..<reader.position]
        }
      }
      return (rest, elements)
    }
  }

  private static func event(_ reader: inout PlainReader) throws -> WatchMessage.Event? {
    var event = WatchMessage.Event(.put, nil)
    while !reader.isAtEnd {
      guard let (field, type) = reader.tag() else { return nil }
      switch (field, type) {
      case (1, .varint):
        switch reader.varint() {
        case 0?: event.kind = .put
        case 1?: event.kind = .delete
        default: return nil
        }
      case (2, .bytes):
        guard event.keyValue == nil, var inner = reader.nested(), let made = try keyValue(&inner) else { return nil }
        event.keyValue = made
      case (3, .bytes):
        guard event.previous == nil, var inner = reader.nested(), let made = try keyValue(&inner) else { return nil }
        event.previous = made
      default: guard reader.skip(type) else { return nil }
      }
    }
    guard event.keyValue != nil else { throw MalformedAnswer.noKey }
    return event
  }

  private static func keyValue(_ reader: inout PlainReader) throws -> KeyValue? {
    var (key, value): ([UInt8], [UInt8]) = ([], [])
    var (created, modified, version, lease): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    while !reader.isAtEnd {
      guard let (field, type) = reader.tag() else { return nil }
      switch (field, type) {
      case (1, .bytes), (5, .bytes):
        guard let bytes = reader.bytes() else { return nil }
        if field == 1 { key = Array(bytes) } else { value = Array(bytes) }
      case (2...6, .varint) where field != 5:
        guard let number = reader.varint() else { return nil }
        switch field {
        case 2: created = number
        case 3: modified = number
        case 4: version = number
        default: lease = number
        }
      default: guard reader.skip(type) else { return nil }
      }
    }
    guard !key.isEmpty else { throw MalformedAnswer.noKey }
    return KeyValue(
      key: Key(bytes: key), value: value, createRevision: Revision(Int64(bitPattern: created)),
      modRevision: Revision(Int64(bitPattern: modified)), version: Int64(bitPattern: version),
      lease: lease == 0 ? nil : LeaseID(Int64(bitPattern: lease)))
  }
}

/// Reads protobuf's wire format from bytes that somebody else keeps.
struct PlainReader {
  enum WireType: UInt64 { case varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 }

  private let buffer: UnsafeRawBufferPointer
  private(set) var position: Int
  private let end: Int

  init(_ buffer: UnsafeRawBufferPointer) { self.init(buffer, 0..<buffer.count) }

  private init(_ buffer: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.buffer = buffer
    (position, end) = (range.lowerBound, range.upperBound)
  }

  var isAtEnd: Bool { position == end }

  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = UInt64(buffer[position])
      position += 1
      // The tenth byte holds one bit.
      if shift == 63, byte > 1 { return nil }
      value |= (byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  /// How often a field is there that is made of bytes; nil where the message is not plain.
  func count(of number: UInt64) -> Int? {
    var (reader, count) = (self, 0)
    while !reader.isAtEnd {
      guard let (field, type) = reader.tag(), reader.skip(type) else { return nil }
      if field == number, type == .bytes { count += 1 }
    }
    return count
  }

  /// A field's number and type, if it is no group.
  mutating func tag() -> (field: UInt64, type: WireType)? {
    guard let tag = varint(), tag >> 3 > 0, tag <= UInt64(UInt32.max), let type = WireType(rawValue: tag & 7) else {
      return nil
    }
    return (tag >> 3, type)
  }

  mutating func bytes() -> Slice<UnsafeRawBufferPointer>? { range().map { buffer[$0] } }

  /// A reader of a message inside of this one.
  mutating func nested() -> PlainReader? { range().map { PlainReader(buffer, $0) } }

  mutating func skip(_ type: WireType) -> Bool {
    switch type {
    case .varint: varint() != nil
    case .bytes: range() != nil
    case .fixed64: advance(by: 8)
    case .fixed32: advance(by: 4)
    }
  }

  private mutating func advance(by count: Int) -> Bool {
    guard count <= end - position else { return false }
    position += count
    return true
  }

  private mutating func range() -> Range<Int>? {
    guard let length = varint(), length <= UInt64(end - position) else { return nil }
    let start = position
    position += Int(length)
    return start..<position
  }
}
