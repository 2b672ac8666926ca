import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import Synchronization

/// A connection whose answers are made by a closure: a server that may be as wrong as it likes.
final class ScriptedConnection: RPCConnection {
  typealias Answer = @Sendable (_ call: RPCCall, _ message: [UInt8]) async throws(RPCError) -> [UInt8]

  private let answer: Answer
  private let isOpen = Mutex(true)

  init(_ answer: @escaping Answer) { self.answer = answer }

  var isUsable: Bool { isOpen.withLock { $0 } }

  func unary(_ call: RPCCall, _ message: [UInt8]) async throws(RPCError) -> [UInt8] { try await answer(call, message) }

  func open(_ call: RPCCall) async throws(RPCError) -> any RPCStream { ScriptedStream(call, answer) }

  func close() async { isOpen.withLock { $0 = false } }
}

/// Answers each message that is sent with one message.
final class ScriptedStream: RPCStream {
  private let call: RPCCall
  private let answer: ScriptedConnection.Answer
  private let sent = Mutex<[[UInt8]]>([])

  init(_ call: RPCCall, _ answer: @escaping ScriptedConnection.Answer) {
    self.call = call
    self.answer = answer
  }

  func send(_ message: [UInt8]) async throws(RPCError) { sent.withLock { $0.append(message) } }

  func next(timeout: Duration?) async throws(RPCError) -> [UInt8]? {
    let message = sent.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    guard let message else { throw RPCError(.deadlineExceeded, "nothing came", progress: .unknown) }
    return try await answer(call, message)
  }

  func cancel() {}
}

extension EtcdBackend {
  /// A backend of so many endpoints, whose connections come from the closure.
  static func scripted(
    endpoints: Int = 1, requestTimeout: Duration = .seconds(60), time: TimeSource = .continuous,
    connect: @escaping @Sendable (Int) async throws(RPCError) -> any RPCConnection
  ) -> EtcdBackend {
    var configuration = EtcdConfiguration(endpoints: (0..<endpoints).map { "http://member\($0)" })
    configuration.requestTimeout = requestTimeout
    return EtcdBackend(configuration, time: time, connect: connect)
  }

  /// A backend of one endpoint that answers every call with the same message.
  static func answering(_ message: some Message & Sendable) -> EtcdBackend {
    scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (_: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in bytes(of: message) }
    }
  }
}

func bytes(of message: some Message) -> [UInt8] {
  // Only required fields and invalid `Any`s can fail, and these messages have neither.
  (try? message.serializedBytes()) ?? []
}

/// The error of a call that must fail.
func failure<T>(_ body: () async throws -> T) async -> HoldfastError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return HoldfastError(wrapping: error)
  }
}
