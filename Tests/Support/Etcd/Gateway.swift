#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// etcd's JSON gateway: protobuf messages as JSON. 64-bit integers are strings, bytes are base64, zeros are left out.
struct Gateway {
  var port: Int
  var timeout = Duration.seconds(5)

  func call<Reply: Decodable>(_ path: String, _ request: some Encodable, as: Reply.Type) async throws -> Reply {
    let body = Array(try JSONEncoder().encode(request))
    let response = try await LoopbackHTTP(port: port, timeout: timeout).post(path, json: body)
    guard response.status == 200 else {
      throw EtcdFixtureError("\(path) was answered with \(response.status): \(response.text)")
    }
    return try JSONDecoder().decode(Reply.self, from: Data(response.body))
  }
}

extension Gateway {
  struct Empty: Codable {}

  struct Put: Encodable {
    var key: Bytes
    var value: Bytes
    var lease: String
  }

  struct Range: Encodable {
    var key: Bytes
    var range_end: Bytes?

    init(key: Bytes) {
      self.key = key
    }

    /// The range's end is the prefix with its last byte that can be raised, raised; a single zero byte means no end.
    init(prefix: String) {
      var end = Array(prefix.utf8)
      while end.last == 0xFF { end.removeLast() }
      if let last = end.popLast() { end.append(last + 1) }
      key = prefix.isEmpty ? Bytes([0]) : Bytes(prefix)
      range_end = end.isEmpty ? Bytes([0]) : Bytes(end)
    }
  }

  struct Compact: Encodable {
    var revision: String
    var physical: Bool
  }

  struct Grant: Encodable {
    var ttl: String
    enum CodingKeys: String, CodingKey { case ttl = "TTL" }
  }

  struct Lease: Codable {
    var id: Text<Int64>
    enum CodingKeys: String, CodingKey { case id = "ID" }
  }
}

extension Gateway {
  struct Header: Decodable {
    var revision: Text<Int64>
  }

  struct Reply: Decodable {
    var header: Header
  }

  struct RangeReply: Decodable {
    var kvs: [KeyValue]?
  }

  struct DeleteReply: Decodable {
    var deleted: Text<Int64>?
  }

  struct LeasesReply: Decodable {
    var leases: [Lease]?
  }

  struct StatusReply: Decodable {
    struct Header: Decodable {
      var memberID: Text<UInt64>
      enum CodingKeys: String, CodingKey { case memberID = "member_id" }
    }

    var header: Header
    var version: String
    var leader: Text<UInt64>?
    var raftTerm: Text<UInt64>?
  }

  struct KeyValue: Decodable {
    var key: Bytes
    var value: Bytes?
    var create_revision: Text<Int64>
    var mod_revision: Text<Int64>
    var version: Text<Int64>
    var lease: Text<Int64>?

    var entry: EtcdServer.Entry {
      EtcdServer.Entry(
        key: String(decoding: key.bytes, as: UTF8.self), value: value?.bytes ?? [],
        createRevision: create_revision.value, modRevision: mod_revision.value, version: version.value,
        lease: lease?.value ?? 0)
    }
  }
}

extension Gateway {
  /// A 64-bit integer as the gateway writes it.
  struct Text<Value: FixedWidthInteger>: Codable {
    var value: Value

    init(_ value: Value) {
      self.value = value
    }

    init(from decoder: any Decoder) throws {
      let text = try decoder.singleValueContainer().decode(String.self)
      guard let value = Value(text) else { throw EtcdFixtureError("not an integer: \(text)") }
      self.value = value
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode("\(value)")
    }
  }

  /// Bytes as the gateway writes them: `Data`'s own coding in JSON is base64.
  struct Bytes: Codable {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
    }

    init(_ text: String) {
      bytes = Array(text.utf8)
    }

    init(from decoder: any Decoder) throws {
      bytes = Array(try decoder.singleValueContainer().decode(Data.self))
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(Data(bytes))
    }
  }
}
