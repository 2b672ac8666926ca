import NIOCore
import Synchronization

/// One attempt to connect, that can be given up from another task at any moment.
final class ConnectAttempt: Sendable {
  /// A connection that is ready for calls.
  struct Opened: Sendable {
    let channel: any Channel
    let multiplexer: NIOLoopBound<HTTP2Multiplexer>
    let flag: ConnectionFlag
  }

  /// A socket on its way. What is needed of its pipeline is held here: who closes a socket takes its pipeline apart.
  private struct Socket {
    let opened: Opened
    let handler: NIOLoopBound<ConnectionHandler>
  }

  private struct Progress {
    var sockets: [Socket] = []
    var isOver = false
  }

  private let progress = Mutex(Progress())
  private let promise: EventLoopPromise<Opened>

  init(eventLoop: any EventLoop) {
    promise = eventLoop.makePromise()
  }

  /// Waits for the outcome.
  func result() async -> Result<Opened, any Error> {
    do {
      return .success(try await promise.futureResult.get())
    } catch {
      return .failure(error)
    }
  }

  /// Notes a socket and who follows it, before it connects. On the channel's event loop.
  func add(_ channel: any Channel, _ handler: ConnectionHandler, _ multiplexer: HTTP2Multiplexer) throws {
    let eventLoop = channel.eventLoop
    let opened = Opened(
      channel: channel, multiplexer: NIOLoopBound(multiplexer, eventLoop: eventLoop), flag: handler.state.flag)
    let socket = Socket(opened: opened, handler: NIOLoopBound(handler, eventLoop: eventLoop))
    let isOver = progress.withLock { progress in
      progress.sockets.append(socket)
      return progress.isOver
    }
    if isOver { throw RPCError.cancelledLocally(.notProcessed) }
  }

  /// The connection of a connected socket, when its settings have come. It may be closed by now: then why. On the channel's
  /// event loop.
  func awaitSettings(of channel: any Channel) -> EventLoopFuture<Opened> {
    guard let socket = progress.withLock({ $0.sockets.first { $0.opened.channel === channel } }) else {
      return channel.eventLoop.makeFailedFuture(
        RPCError(.unavailable, "its socket is not of this attempt", progress: .notProcessed))
    }
    let ready = channel.eventLoop.makePromise(of: Void.self)
    socket.handler.value.whenReady(ready)
    return ready.futureResult.map { socket.opened }
  }

  /// Publishes the outcome, unless the attempt was given up.
  func complete(_ result: Result<Opened, any Error>) {
    guard isFirst() else {
      // Too late: nobody would ever close it.
      if case .success(let opened) = result { opened.channel.close(promise: nil) }
      return
    }
    promise.completeWith(result)
  }

  /// Gives up. Name resolution cannot be interrupted, but nobody waits for it any more.
  func cancel() {
    guard isFirst() else { return }
    promise.fail(RPCError.cancelledLocally(.notProcessed))
    for socket in progress.withLock({ $0.sockets }) { socket.opened.channel.close(promise: nil) }
  }

  /// True for one caller: a promise may be completed once.
  private func isFirst() -> Bool {
    progress.withLock { progress in
      defer { progress.isOver = true }
      return !progress.isOver
    }
  }
}
