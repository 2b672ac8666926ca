import HoldfastEtcd
import HoldfastEtcdProtos
import NIOCore
import SwiftProtobuf
import Synchronization
import TestSupport

/// A server that is a real etcd as long as it is honest, and then lies: it hands every call on to the real one and changes
/// what comes back.
final class HostileEtcd: Sendable {
  private struct Call: Sendable {
    var responder: Responder
    var messages: AsyncStream<[UInt8]>
  }

  private let lie = Mutex<Lie?>(nil)
  private let told = Mutex(0)
  private let calls = AsyncStream.makeStream(of: Call.self)
  private let open = Mutex<[ObjectIdentifier: AsyncStream<[UInt8]>.Continuation]>([:])
  private let real: Endpoint

  private init(real: Endpoint) { self.real = real }

  /// What is told instead of the truth; nil for the truth.
  var lies: Lie? {
    get { lie.withLock { $0 } }
    set { lie.withLock { $0 = newValue } }
  }

  /// How often it has lied.
  var count: Int { told.withLock { $0 } }

  /// Runs one in front of the real server for as long as the body takes.
  static func withServer<R: Sendable>(
    before real: String, _ body: (HostileEtcd, _ url: String) async throws -> R
  ) async throws -> R {
    let hostile = HostileEtcd(real: try Endpoint(real))
    let server = try await ScriptedServer.start { hostile.cue($0, $1) }
    let url = "http://\(server.endpoint.authority)"
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await hostile.serve() }
      let result: Result<R, any Error>
      do { result = .success(try await body(hostile, url)) } catch { result = .failure(error) }
      await server.stop()
      hostile.calls.continuation.finish()
      group.cancelAll()
      return try result.get()
    }
  }

  /// On the event loop of the client's connection.
  private func cue(_ cue: ScriptedServer.Cue, _ responder: Responder) {
    let id = ObjectIdentifier(responder.stream)
    switch cue {
    case .start:
      let (messages, continuation) = AsyncStream.makeStream(of: [UInt8].self)
      open.withLock { $0[id] = continuation }
      responder.stream.closeFuture.whenComplete { _ in
        self.open.withLock { $0.removeValue(forKey: id) }?.finish()
      }
      calls.continuation.yield(Call(responder: responder, messages: messages))
    case .message(let bytes): open.withLock { $0[id] }?.yield(bytes)
    case .end: open.withLock { $0[id] }?.finish()
    }
  }

  private func serve() async {
    await withDiscardingTaskGroup { group in
      for await call in calls.stream {
        group.addTask {
          do {
            try await self.relay(call)
          } catch let error as RPCError {
            call.responder.trailersOnly(status: error.code.rawValue, message: error.message)
          } catch {
            call.responder.closeConnection()
          }
        }
      }
      group.cancelAll()
    }
  }

  /// Each call has a connection of its own to the real server.
  private func relay(_ call: Call) async throws {
    let connection = try await HTTP2Connection.connect(to: real, configuration: TransportConfiguration())
    do {
      let path = call.responder.path
      if path.hasSuffix("/Watch") {
        try await relayWatch(call, try await connection.open(RPCCall(path: path)))
      } else {
        for await message in call.messages {
          let answer = try await connection.unary(RPCCall(path: path, timeout: .seconds(10)), message)
          guard let changed = try change(answer, of: path) else { break }
          call.responder.answer(changed)
          break
        }
      }
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
  }

  private func relayWatch(_ call: Call, _ stream: any RPCStream) async throws {
    call.responder.headers()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for await message in call.messages { try await stream.send(message) }
        stream.cancel()
      }
      group.addTask {
        while let bytes = try await stream.next(timeout: nil) {
          let honest = try Etcdserverpb_WatchResponse(serializedBytes: bytes)
          guard let lie = self.lies else {
            call.responder.message(bytes)
            continue
          }
          let changed = lie.change(honest)
          if changed != [honest] { self.told.withLock { $0 += 1 } }
          for message in changed {
            // As fast as it is taken: what a test measures is the client's memory, and not that of what a liar has in store.
            let written = call.responder.stream.eventLoop.makePromise(of: Void.self)
            call.responder.message(try message.serializedBytes(), promise: written)
            try await written.futureResult.get()
          }
        }
      }
      _ = try await group.next()
      group.cancelAll()
    }
  }

  /// Nil: no answer at all.
  private func change(_ answer: [UInt8], of path: String) throws -> [UInt8]? {
    guard let lie = lies else { return answer }
    let changed: [UInt8]?
    switch path {
    case "/etcdserverpb.KV/Range": changed = try lie.change(try Etcdserverpb_RangeResponse(serializedBytes: answer))
    case "/etcdserverpb.KV/Txn": changed = try lie.change(try Etcdserverpb_TxnResponse(serializedBytes: answer))
    default: changed = answer
    }
    if changed != answer { told.withLock { $0 += 1 } }
    return changed
  }
}
