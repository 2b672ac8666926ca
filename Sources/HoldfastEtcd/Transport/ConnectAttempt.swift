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

  private struct Progress {
    var channels: [any Channel] = []
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

  /// Notes a socket, before it connects.
  func add(_ channel: any Channel) throws {
    let isOver = progress.withLock { progress in
      progress.channels.append(channel)
      return progress.isOver
    }
    if isOver { throw RPCError.cancelledLocally(.notProcessed) }
  }

  /// The connection of a connected socket, when its settings have come. On the channel's event loop.
  func awaitSettings(of channel: any Channel) -> EventLoopFuture<Opened> {
    let ready = channel.eventLoop.makePromise(of: Void.self)
    do {
      let pipeline = channel.pipeline.syncOperations
      let handler = try pipeline.handler(type: ConnectionHandler.self)
      let multiplexer = try pipeline.handler(type: HTTP2Multiplexer.self)
      let opened = Opened(
        channel: channel, multiplexer: NIOLoopBound(multiplexer, eventLoop: channel.eventLoop), flag: handler.state.flag
      )
      handler.whenReady(ready)
      return ready.futureResult.map { opened }
    } catch {
      // The pipeline is gone: the socket was closed between connecting and this turn of the loop.
      ready.fail(error)
      return ready.futureResult.flatMapThrowing { throw error }
    }
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
    for channel in progress.withLock({ $0.channels }) { channel.close(promise: nil) }
  }

  /// True for one caller: a promise may be completed once.
  private func isFirst() -> Bool {
    progress.withLock { progress in
      defer { progress.isOver = true }
      return !progress.isOver
    }
  }
}
