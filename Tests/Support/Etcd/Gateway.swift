#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// etcd's JSON gateway: protobuf messages as JSON. 64-bit integers are strings, bytes are base64, zeros are left out.
struct Gateway {
  var port: Int
  var timeout = Duration.seconds(15)
  /// Who asks, where etcd wants to know.
  var administrator: EtcdAdministrator?

  func call<Reply: Decodable>(_ path: String, _ request: some Encodable, as: Reply.Type) async throws -> Reply {
    try await call(path, request, as: Reply.self, authorization: try await authorization())
  }

  /// A token of one's own for every request: they are lost with every restart, and here they cost nothing that counts.
  func authorization() async throws -> String? {
    guard let administrator else { return nil }
    do {
      return try await call("/v3/auth/authenticate", administrator, as: Token.self, authorization: nil).token
    } catch let error as EtcdFixtureError where error.description.contains("authentication is not enabled") {
      return nil
    }
  }

  private func call<Reply: Decodable>(
    _ path: String, _ request: some Encodable, as: Reply.Type, authorization: String?
  ) async throws -> Reply {
    let body = Array(try JSONEncoder().encode(request))
    let http = LoopbackHTTP(port: port, timeout: timeout, authorization: authorization)
    let response = try await http.post(path, json: body)
    guard response.status == 200 else {
      throw EtcdFixtureError("\(path) was answered with \(response.status): \(response.text)")
    }
    return try JSONDecoder().decode(Reply.self, from: Data(response.body))
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
