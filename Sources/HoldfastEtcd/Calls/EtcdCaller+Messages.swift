import HoldfastCore
import HoldfastEtcdMachines
import SwiftProtobuf

/// The answer of the server is not what the protocol says. What a write makes of it is decided where it is thrown.
struct MalformedAnswer: Error {
  var text: String
  /// Set when the answer was good enough to show that the store had answered.
  var revision: Revision?

  static let noKey = MalformedAnswer("it has a key-value without a key")

  init(_ text: String, revision: Revision? = nil) {
    self.text = text
    self.revision = revision
  }
}

extension EtcdCaller {
  /// Sends one message and makes a value of the one that answers it.
  ///
  /// - Parameters:
  ///   - isLocal: Whether a member answers by itself, so that it needs no leader.
  ///   - member: The number of the only endpoint that may answer; nil for whichever serves.
  func call<Request: Message, Answer: Message & Sendable, Value: Sendable>(
    _ method: EtcdMethod, _ request: Request, _ kind: RetryMachine.Kind, timeout: Duration, isLocal: Bool = false,
    at member: Int? = nil, _ map: @escaping @Sendable (Answer) throws -> Value
  ) async throws(HoldfastError) -> Value {
    try await call(method, request, kind, timeout: timeout, isLocal: isLocal, at: member) { (answer: [UInt8]) in
      try map(Answer(serializedBytes: answer))
    }
  }

  /// The same with the answer's bytes.
  func call<Request: Message, Value: Sendable>(
    _ method: EtcdMethod, _ request: Request, _ kind: RetryMachine.Kind, timeout: Duration, isLocal: Bool = false,
    at member: Int? = nil, decoding decode: @escaping @Sendable ([UInt8]) throws -> Value
  ) async throws(HoldfastError) -> Value {
    let bytes: [UInt8]
    do {
      bytes = try request.serializedBytes()
    } catch {
      throw HoldfastError(
        .invalidArgument, "the request cannot be sent: \(error)", outcome: kind == .read ? nil : .refused, cause: error)
    }
    guard bytes.count <= requestLimit else {
      throw HoldfastError(
        .requestTooLarge, "a request of \(bytes.count) bytes is more than the server reads (see `limits`)",
        outcome: kind == .read ? nil : .refused)
    }
    let answer: [UInt8]
    do {
      answer =
        if let member {
          try await call(method, bytes, kind, timeout: timeout, at: member)
        } else {
          try await call(method, bytes, kind, timeout: timeout, requiresLeader: !isLocal)
        }
    } catch {
      throw error.naming(user: user, of: request).naming(leaseOf: request)
    }
    do {
      // What takes milliseconds to decode must not keep the caller's actor.
      if answer.count > 65_536 { return try await decodeElsewhere(answer, decode) }
      return try decode(answer)
    } catch {
      // The server said OK: the write was applied, unless what answered is no etcd.
      let malformed = error as? MalformedAnswer
      let outcome: HoldfastError.Outcome = malformed?.revision == nil ? .unknown : .applied
      throw HoldfastError(
        .protocolViolation, "the answer to \(method) is malformed: \(malformed?.text ?? "it cannot be decoded")",
        outcome: kind == .read ? nil : outcome, revision: malformed?.revision, cause: error)
    }
  }

  @concurrent
  private func decodeElsewhere<Value: Sendable>(
    _ bytes: [UInt8], _ decode: @Sendable ([UInt8]) throws -> Value
  ) async throws -> Value {
    try decode(bytes)
  }
}
