import NIOCore
import NIOHPACK
import NIOHTTP2

/// The event loop's side of a bidirectional stream, and the only handler of its channel.
///
/// The channel reads only while the consumer waits: what nobody asks for stays in the stream's window, and the server
/// stops by itself.
///
/// `@unchecked Sendable`: as with `UnaryCallHandler`, others hold a reference to constants only. The variables belong to
/// the event loop: the channel's callbacks, `start`, which asserts it, and the entry points for other threads, which hop
/// there first.
final class StreamHandler: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = HTTP2Frame.FramePayload

  private let eventLoop: any EventLoop
  private let headers: HPACKHeaders
  private let deadline: NIODeadline?

  private var opening = WaitSlot<Void>()
  private var receiver = WaitSlot<[[UInt8]]?>()
  private var sender = WaitSlot<Void>()

  private var response: GRPCResponse
  /// How the stream ended, nil while it has not.
  private var end: Result<Void, RPCError>?
  private var context: ChannelHandlerContext?
  private var state: ConnectionState?
  private var callTimer: Scheduled<Void>?
  private var receiveTimer: Scheduled<Void>?
  /// The headers were handed to the socket.
  private var isSent = false

  init(headers: HPACKHeaders, deadline: NIODeadline?, limit: Int, eventLoop: any EventLoop) {
    self.headers = headers
    self.deadline = deadline
    self.eventLoop = eventLoop
    response = GRPCResponse(limit: limit)
  }

  // MARK: - Entry points

  /// Takes the stream's channel before it is active. The continuation is resumed exactly once, here or later.
  func start(_ continuation: WaitSlot<Void>.Continuation, on channel: any Channel, of state: ConnectionState) {
    eventLoop.assertInEventLoop()
    guard opening.arm(continuation, token: 1) else { return channel.close(promise: nil) }
    guard state.flag.isUsable else {
      finish(.failure(state.refusal()))
      return channel.close(promise: nil)
    }
    do {
      try channel.syncOptions?.setOption(.autoRead, value: false)
      try channel.pipeline.syncOperations.addHandler(self)
      self.state = state
      state.streamOpened()
    } catch {
      finish(.failure(RPCError(.internal, "The stream could not be opened: \(error)", progress: .notProcessed)))
      return channel.close(promise: nil)
    }
    if let deadline {
      callTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
        self.abandon(.deadlinePassed(.unknown))
      }
    }
  }

  /// Asks for messages: one at least, and all that are there. Nil is the end with status OK. Any thread.
  func receive(_ continuation: WaitSlot<[[UInt8]]?>.Continuation, token: Int, deadline: NIODeadline?) {
    eventLoop.execute {
      guard self.receiver.arm(continuation, token: token) else { return }
      self.deliver()
      guard !self.receiver.isEmpty else { return }
      if let deadline {
        self.receiveTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
          self.receiver.resume(
            .failure(RPCError(.deadlineExceeded, "No message came within the time limit.", progress: .unknown)))
        }
      }
      self.context?.read()
    }
  }

  /// The task that waits for messages was cancelled. The stream stays as it is. Any thread.
  func cancelReceive(token: Int) {
    eventLoop.execute {
      if self.receiver.withdraw(token: token, progress: .unknown) { self.stopReceiveTimer() }
    }
  }

  /// Writes a message. The continuation is resumed when it was handed to the socket. Any thread.
  func send(_ message: ByteBuffer, _ continuation: WaitSlot<Void>.Continuation, token: Int) {
    eventLoop.execute {
      guard self.sender.arm(continuation, token: token) else { return }
      guard self.end == nil, let context = self.context else {
        return self.sender.resume(.failure(self.sendError()))
      }
      let promise = context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenComplete { result in
        switch result {
        case .success: self.sender.resume(.success(()))
        case .failure(let error): self.fail(error)
        }
      }
      GRPCStream.writeMessage(message, isLast: false, context: context, promise: promise)
    }
  }

  /// The task that sends was cancelled: half a message cannot be taken back, so the stream goes with it. Any thread.
  func cancelSend(token: Int) {
    eventLoop.execute {
      if self.sender.withdraw(token: token, progress: .unknown) {
        self.abandon(.cancelledLocally(.unknown))
      }
    }
  }

  /// Resets the stream. Any thread.
  func cancel() {
    eventLoop.execute {
      self.abandon(.cancelledLocally(.unknown))
    }
  }

  // MARK: - Channel callbacks

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func channelActive(context: ChannelHandlerContext) {
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      switch result {
      case .success: self.isSent = true
      case .failure(let error): self.fail(error)
      }
    }
    GRPCStream.writeHeaders(headers, context: context, promise: promise)
    context.flush()
    opening.resume(.success(()))
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard end == nil else { return }
    switch response.receive(unwrapInboundIn(data)) {
    case .more:
      break
    case .ended(let error?):
      // What came before the end is still handed out, in order.
      finishAndReset(error)
    case .ended(nil):
      finish(.success(()))
      // Our side was never ended, which only a reset can do now.
      GRPCStream.reset(context.channel)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    deliver()
    // Half a message is nothing to wake up for.
    if !receiver.isEmpty, end == nil { context.read() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    guard let state else { return }
    finish(.failure(state.lossError(sent: isSent)))
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    // Every stream's channel is closed once, and its handlers are removed then.
    self.context = nil
    state?.streamClosed()
    state = nil
  }

  // MARK: - Results

  /// Hands out what is there to the task that waits.
  private func deliver() {
    guard !receiver.isEmpty else { return }
    var messages: [[UInt8]] = []
    do throws(RPCError) {
      while let message = try response.next() { messages.append(message) }
    } catch {
      // Nothing after a broken prefix can be understood, an end that came already included.
      response.discard()
      end = nil
      finishAndReset(error, isDelivering: true)
    }
    if !messages.isEmpty {
      resumeReceiver(.success(messages))
    } else if case .failure(let error) = end {
      resumeReceiver(.failure(error))
    } else if case .success = end {
      let isWhole = response.messages.isAtBoundary
      resumeReceiver(
        isWhole
          ? .success(nil)
          : .failure(RPCError(.internal, "The server ended the stream inside a message.", progress: .unknown)))
    }
  }

  private func resumeReceiver(_ result: Result<[[UInt8]]?, RPCError>) {
    stopReceiveTimer()
    receiver.resume(result)
  }

  private func stopReceiveTimer() {
    receiveTimer?.cancel()
    receiveTimer = nil
  }

  private func fail(_ error: any Error) {
    guard end == nil, let state else { return }
    finishAndReset(GRPCStream.callError(for: error, state: state, sent: isSent, deadline: deadline))
  }

  /// Ends the stream from our side, and with it what was not handed out: nobody waits for that any more.
  private func abandon(_ error: RPCError) {
    response.discard()
    end = nil
    finishAndReset(error)
  }

  private func finishAndReset(_ error: RPCError, isDelivering: Bool = false) {
    finish(.failure(error), isDelivering: isDelivering)
    if let context { GRPCStream.reset(context.channel) }
  }

  private func finish(_ result: Result<Void, RPCError>, isDelivering: Bool = false) {
    guard end == nil else { return }
    end = result
    callTimer?.cancel()
    callTimer = nil
    opening.resume(result)
    sender.resume(.failure(sendError()))
    if !isDelivering { deliver() }
  }

  private func sendError() -> RPCError {
    switch end {
    case .failure(let error): error
    case .success, nil: RPCError(.unavailable, "The server has ended the stream.", progress: .notProcessed)
    }
  }
}
