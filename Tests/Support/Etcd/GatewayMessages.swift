// The requests and answers that the fixture uses, and of these only the fields that it looks at.

extension Gateway {
  struct Empty: Codable {}

  struct Token: Decodable {
    var token: String
  }

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
