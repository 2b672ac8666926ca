import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import Logging
import SwiftProtobuf
import Synchronization

/// Connections to a real server on which a test sees the watches' messages, and may change what `Status` says.
final class ObservedEtcd: Sendable {
  enum Status: Sendable {
    /// What the server answers.
    case honest
    /// Another version than the server's, and another member if so wanted.
    case poses(version: String, member: UInt64? = nil)
    case refused
    /// None, as long as nobody cancels.
    case hangs
  }

  struct Seen: Sendable {
    /// The start revisions of the watches that were created.
    var starts: [Int64] = []
    /// The revisions of progress that was asked for, and that was not.
    var requested: [Int64] = []
    var timed: [Int64] = []
    var compacted = 0
    var status = 0
  }

  private struct State {
    var seen = Seen()
    var watching: [any RPCConnection] = []
  }

  private let endpoint: Endpoint
  private let status: Status
  private let state = Mutex(State())

  init(_ url: String, status: Status = .honest) throws {
    endpoint = try Endpoint(url)
    self.status = status
  }

  var seen: Seen { state.withLock { $0.seen } }

  /// A client that asks for progress after a second.
  var configuration: BackendConfiguration {
    .making {
      var configuration = EtcdConfiguration(endpoints: [self.endpoint.authority])
      configuration.watchSilence = .seconds(1)
      configuration.watchAnswerTimeout = .seconds(20)
      return EtcdBackend(configuration, time: .continuous) { (_: Int) async throws(RPCError) -> any RPCConnection in
        Connection(try await HTTP2Connection.connect(to: self.endpoint), self)
      }
    }
  }

  /// Closes the connections on which there are watches.
  func breakStreams() async {
    let connections = state.withLock { state in
      defer { state.watching = [] }
      return state.watching
    }
    for connection in connections { await connection.close() }
  }

  private func note(_ change: (inout Seen) -> Void) { state.withLock { change(&$0.seen) } }

  private final class Connection: RPCConnection {
    private let real: HTTP2Connection
    private let etcd: ObservedEtcd

    init(_ real: HTTP2Connection, _ etcd: ObservedEtcd) { (self.real, self.etcd) = (real, etcd) }

    var isUsable: Bool { real.isUsable }
    func close() async { await real.close() }

    func open(_ call: RPCCall) async throws(RPCError) -> any RPCStream {
      let stream = try await real.open(call)
      guard call.path.hasSuffix("/Watch") else { return stream }
      etcd.state.withLock { $0.watching.append(real) }
      return Stream(stream, etcd)
    }

    func unary(_ call: RPCCall, _ message: [UInt8]) async throws(RPCError) -> [UInt8] {
      guard call.path.hasSuffix("/Status") else { return try await real.unary(call, message) }
      etcd.note { $0.status += 1 }
      switch etcd.status {
      case .honest: return try await real.unary(call, message)
      case .refused: throw RPCError(.permissionDenied, "etcdserver: permission denied", progress: .answered)
      case .hangs:
        // Ends when the task is cancelled.
        let (never, continuation) = AsyncStream<Never>.makeStream()
        for await _ in never {}
        continuation.finish()
        throw RPCError(.cancelled, "cancelled", progress: .unknown)
      case .poses(let version, let member):
        let answer = try await real.unary(call, message)
        guard var changed = try? Etcdserverpb_StatusResponse(serializedBytes: answer) else { return answer }
        changed.version = version
        if let member { changed.header.memberID = member }
        return bytes(of: changed)
      }
    }
  }

  private final class Stream: RPCStream {
    private let real: any RPCStream
    private let etcd: ObservedEtcd

    init(_ real: any RPCStream, _ etcd: ObservedEtcd) { (self.real, self.etcd) = (real, etcd) }

    func cancel() { real.cancel() }

    func send(_ message: [UInt8]) async throws(RPCError) {
      if let request = try? Etcdserverpb_WatchRequest(serializedBytes: message),
        case .createRequest(let create)? = request.requestUnion
      {
        etcd.note { $0.starts.append(create.startRevision) }
      }
      try await real.send(message)
    }

    func next(timeout: Duration?) async throws(RPCError) -> [UInt8]? {
      let bytes = try await real.next(timeout: timeout)
      guard let bytes, let message = try? Etcdserverpb_WatchResponse(serializedBytes: bytes) else { return bytes }
      etcd.note { seen in
        if message.canceled { seen.compacted += message.compactRevision > 0 ? 1 : 0 }
        guard !message.created, !message.canceled, message.events.isEmpty else { return }
        if message.watchID == -1 {
          seen.requested.append(message.header.revision)
        } else {
          seen.timed.append(message.header.revision)
        }
      }
      return bytes
    }
  }
}
