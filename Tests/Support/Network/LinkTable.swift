internal import NIOCore
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The connections of a server: each is the accepted socket and, for a proxy, the one to its target.
///
/// A socket is in here from the moment it is accepted, so that none can be missed by `closeAll`.
final class LinkTable: Sendable {
  struct WasCut: Error {}
  typealias ID = ObjectIdentifier

  private struct State {
    var channels: [ID: [any Channel]] = [:]
    var accepted = 0
    var hasEnded = false
  }

  private let state = Mutex(State())

  var accepted: Int { state.withLock { $0.accepted } }
  var open: Int { state.withLock { $0.channels.count } }

  /// Throws when no connection is wanted any more.
  func add(_ accepted: any Channel) throws {
    try state.withLock { state in
      if state.hasEnded { throw WasCut() }
      state.accepted += 1
      state.channels[ID(accepted)] = [accepted]
    }
  }

  /// Throws when the connection was cut while its other half was being made.
  func join(_ accepted: any Channel, with other: any Channel) throws {
    try state.withLock { state in
      guard state.channels[ID(accepted)] != nil else { throw WasCut() }
      state.channels[ID(accepted)]?.append(other)
    }
  }

  func remove(_ accepted: any Channel) {
    state.withLock { _ = $0.channels.removeValue(forKey: ID(accepted)) }
  }

  /// Closes both sockets of a connection. Returns when they are closed.
  func close(_ accepted: any Channel, _ how: TCPProxy.Cut) async {
    await close(how) { $0.removeValue(forKey: ID(accepted)) ?? [] }
  }

  /// Closes every socket, `forGood` those too that are just being accepted. Returns when they are closed.
  func closeAll(_ how: TCPProxy.Cut, forGood: Bool = false) async {
    if forGood { state.withLock { $0.hasEnded = true } }
    await close(how) { table in
      defer { table = [:] }
      return table.values.flatMap { $0 }
    }
  }

  private func close(_ how: TCPProxy.Cut, _ take: (inout [ID: [any Channel]]) -> [any Channel]) async {
    let channels = state.withLock { state in
      let channels = take(&state.channels)
      // Ordered under the lock: who finds the connection gone from the table, and leaves, comes second at the socket.
      for channel in channels { channel.eventLoop.execute { Self.close(channel, how) } }
      return channels
    }
    for channel in channels { try? await channel.closeFuture.get() }
  }

  /// On the channel's event loop.
  private static func close(_ channel: any Channel, _ how: TCPProxy.Cut) {
    if how == .reset, let options = channel as? any SocketOptionProvider {
      // Lingering for no time at all is the way to ask a kernel for RST.
      _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
    channel.close(promise: nil)
  }
}
