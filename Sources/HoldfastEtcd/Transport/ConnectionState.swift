import HoldfastEtcdMachines
import NIOCore
import NIOHTTP2
import Synchronization

/// Whether new calls may be started: the one thing about a connection that other threads ask.
final class ConnectionFlag: Sendable {
  private let usable = Atomic(false)

  var isUsable: Bool {
    get { usable.load(ordering: .acquiring) }
    set { usable.store(newValue, ordering: .releasing) }
  }
}

/// What the handlers of one connection share. Not `Sendable`: it lives on the connection's event loop.
final class ConnectionState {
  let flag = ConnectionFlag()

  /// The highest stream that the server said it may have processed, once it said GOAWAY.
  private(set) var lastStreamID: HTTP2StreamID?

  /// Why the connection ended or is about to: the text of the errors of what was in flight. The first reason counts, the
  /// others follow from it.
  private(set) var closeReason: String?

  /// Set when TLS is why the connection never stood.
  private(set) var tlsFailure: TLSFailure?

  /// Whether calls could be started on it.
  private(set) var hasBeenReady = false

  /// The streams that are under way or wait for their turn.
  private(set) var openStreams = 0

  /// How many more streams may be opened. Their numbers are never used again, and beyond the last one there is none.
  private var streamsLeft: Int

  /// How many of them the server must be left to finish.
  private var callsToFinish = 0

  private var isDraining = false

  private var isClosing = false

  private var channel: (any Channel)?

  init(maximumStreams: Int) { streamsLeft = maximumStreams }

  func attach(to channel: any Channel) {
    self.channel = channel
  }

  func detach() {
    channel = nil
  }

  func streamOpened(runsToItsEnd: Bool = false) {
    openStreams += 1
    if runsToItsEnd { callsToFinish += 1 }
    streamsLeft -= 1
    if streamsLeft <= 0 { drain(reason: "it has served as many calls as a connection can") }
  }

  func streamClosed(runsToItsEnd: Bool = false) {
    openStreams -= 1
    if runsToItsEnd { callsToFinish -= 1 }
    closeWhenDrained()
  }

  /// The server takes no new streams: what is in flight may finish.
  func drain(lastStreamID: HTTP2StreamID, reason: String) {
    self.lastStreamID = lastStreamID
    drain(reason: reason)
  }

  private func drain(reason: String) {
    flag.isUsable = false
    isDraining = true
    if closeReason == nil { closeReason = reason }
    closeWhenDrained()
  }

  /// Gives the connection up. What is in flight fails.
  func close(reason: String) {
    flag.isUsable = false
    if closeReason == nil { closeReason = reason }
    channel?.close(promise: nil)
  }

  /// Gives the connection up when the calls that must run to their end have done so, or have taken too long for that.
  func closeGently(reason: String, within limit: TimeAmount) {
    guard callsToFinish > 0, let channel else { return close(reason: reason) }
    flag.isUsable = false
    isClosing = true
    if closeReason == nil { closeReason = reason }
    let timer = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in timer.cancel() }
  }

  /// The handshake failed.
  func fail(_ failure: TLSFailure) {
    if closeReason == nil { tlsFailure = failure }
    close(reason: failure.message)
  }

  /// Both sides know each other's settings.
  func becomeReady(usable: Bool) {
    hasBeenReady = true
    flag.isUsable = usable
  }

  /// The error of a stream that ended because its connection did.
  ///
  /// - Parameter sent: Whether all of the request was on its way to the socket. What was not cannot have been acted upon:
  ///   no server runs a call before the whole message is there.
  func lossError(sent: Bool) -> RPCError {
    RPCError(
      .unavailable, "The connection was lost: \(closeReason ?? "the server closed it").",
      progress: sent ? .unknown : .notProcessed)
  }

  /// The error of a call that came too late for this connection.
  func refusal() -> RPCError {
    RPCError(
      .unavailable, "The connection takes no new calls: \(closeReason ?? "it is closed").", progress: .notProcessed)
  }

  private func closeWhenDrained() {
    guard isDraining && openStreams == 0 || isClosing && callsToFinish == 0, let channel else { return }
    // Not from inside the callback of a stream that is just being taken apart.
    channel.eventLoop.execute { channel.close(promise: nil) }
  }
}
