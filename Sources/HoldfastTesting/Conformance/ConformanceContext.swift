internal import HoldfastCore

/// What a case works with: a backend and a key prefix that nobody else uses.
struct ConformanceContext: Sendable {
  let backend: any Backend
  let prefix: String

  init(backend: any Backend) {
    self.backend = backend
    prefix = "conformance/\(String(UInt64.random(in: .min ... .max), radix: 16))/"
  }

  /// A key of this run.
  func key(_ name: String) -> Key { Key(prefix + name) }

  /// Every key of this run.
  var all: KeyRange { .prefix(Key(prefix)) }

  /// The keys of this run that begin so.
  func folder(_ name: String) -> KeyRange { .prefix(key(name)) }

  /// The names of keys, without the prefix.
  func names(_ keys: [Key]) -> [String] { keys.map { $0.dropping(prefix: Key(prefix))?.string ?? "\($0)" } }

  func names(_ keyValues: [KeyValue]) -> [String] { names(keyValues.map(\.key)) }

  /// Puts a key and returns the revision of the write.
  @discardableResult
  func put(_ name: String, _ value: String = "", lease: LeaseID? = nil) async throws -> Revision {
    try await backend.put(PutRequest(key: key(name), value: Array(value.utf8), lease: lease)).header.revision
  }

  /// Deletes a key and returns the revision of the answer.
  @discardableResult
  func delete(_ name: String) async throws -> Revision {
    try await backend.deleteRange(DeleteRangeRequest(.key(key(name)))).header.revision
  }

  /// What a key holds.
  func get(_ name: String, at revision: Revision? = nil) async throws -> KeyValue? {
    var request = RangeRequest(.key(key(name)))
    request.revision = revision
    return try await backend.range(request).keyValues.first
  }

  /// A range of this run, with options.
  func range(_ range: KeyRange? = nil, _ configure: (inout RangeRequest) -> Void = { _ in }) async throws
    -> RangeResponse
  {
    var request = RangeRequest(range ?? all)
    configure(&request)
    return try await backend.range(request)
  }

  func putRequest(_ name: String, _ value: String = "", lease: LeaseID? = nil) -> StoreRequest {
    .put(PutRequest(key: key(name), value: Array(value.utf8), lease: lease))
  }

  func deleteRequest(_ range: KeyRange) -> StoreRequest { .deleteRange(DeleteRangeRequest(range)) }

  func transact(
    _ compares: [Compare] = [], _ success: [StoreRequest] = [], else failure: [StoreRequest] = []
  ) async throws -> TransactionResponse {
    try await backend.transact(TransactionRequest(compares: compares, success: success, failure: failure))
  }

  /// A lease with a random id, so that a case tried again does not meet its own.
  func lease(_ ttl: Duration = .seconds(60)) async throws -> Lease {
    try await backend.grantLease(id: LeaseID(.random(in: 1 ... .max)), ttl: ttl)
  }
}

extension KeyValue {
  var text: String { String(decoding: value, as: UTF8.self) }
}
