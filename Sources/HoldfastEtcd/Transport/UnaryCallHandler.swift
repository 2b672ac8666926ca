import NIOCore
import NIOHPACK
import NIOHTTP2

/// One unary call, and the only handler of its stream.
///
/// `@unchecked Sendable`: it is made on the caller's thread and then known to three parties, its creator, the pipeline
/// and the task's cancellation handler. What they share are constants. The variables are touched by private functions
/// and channel callbacks only, which run on the event loop, and by `start`, which asserts that it does; `cancel` hops
/// there.
final class UnaryCallHandler: ChannelInboundHandler, NIOScheduledCallbackHandler, @unchecked Sendable {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias Slot = WaitSlot<[UInt8]>

  private let eventLoop: any EventLoop
  private let headers: HPACKHeaders
  private let message: ByteBuffer
  private let deadline: NIODeadline?
  private let runsToItsEnd: Bool

  private var slot = Slot()
  private var response: GRPCResponse
  private var answer: [UInt8]?
  private var state: ConnectionState?
  private var channel: (any Channel)?
  private var timer: NIOScheduledCallback?
  /// The whole request was handed to the socket.
  private var isSent = false
  private var isDone = false

  private static let token = 1

  init(
    headers: HPACKHeaders, message: ByteBuffer, deadline: NIODeadline?, runsToItsEnd: Bool, limit: Int,
    eventLoop: any EventLoop
  ) {
    self.headers = headers
    self.runsToItsEnd = runsToItsEnd
    self.message = message
    self.deadline = deadline
    self.eventLoop = eventLoop
    response = GRPCResponse(limit: limit)
  }

  /// Takes the stream's channel before it is active. The continuation is resumed exactly once, here or later.
  func start(_ continuation: Slot.Continuation, on channel: any Channel, of state: ConnectionState) {
    eventLoop.assertInEventLoop()
    guard slot.arm(continuation, token: Self.token) else { return channel.close(promise: nil) }
    guard state.flag.isUsable else {
      finish(.failure(state.refusal()))
      return channel.close(promise: nil)
    }
    do {
      try channel.pipeline.syncOperations.addHandler(self)
      self.channel = channel
      self.state = state
      state.streamOpened(runsToItsEnd: runsToItsEnd)
      if let deadline { timer = try eventLoop.scheduleCallback(at: deadline, handler: self) }
    } catch {
      finish(.failure(RPCError(.internal, "The call could not be started: \(error)", progress: .notProcessed)))
      channel.close(promise: nil)
    }
  }

  /// The caller's task was cancelled. Any thread.
  func cancel() {
    eventLoop.execute {
      guard self.slot.withdraw(token: Self.token, progress: .unknown) else { return }
      self.abandon(.cancelledLocally(.unknown))
    }
  }

  func handleScheduledCallback(eventLoop: some EventLoop) {
    timer = nil
    abandon(.deadlinePassed(.unknown))
  }

  // MARK: - Channel callbacks

  func channelActive(context: ChannelHandlerContext) {
    // Only the last frame has a promise: its fate tells whether the server can have seen the whole request.
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      switch result {
      case .success: self.isSent = true
      case .failure(let error): self.writeFailed(error)
      }
    }
    GRPCStream.writeHeaders(headers, context: context, promise: nil)
    GRPCStream.writeMessage(message, isLast: true, context: context, promise: promise)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDone else { return }
    switch response.receive(unwrapInboundIn(data)) {
    case .more:
      do throws(RPCError) { try collect() } catch { finishAndReset(error) }
    case .ended(let error?):
      finishAndReset(error)
    case .ended(nil):
      finish(takeAnswer())
      // An answer that did not wait for the request: the rest of it is not wanted.
      if !isSent { GRPCStream.reset(context.channel) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let state { finish(.failure(state.lossError(sent: isSent))) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    // Every stream's channel is closed once, and its handlers are removed then.
    channel = nil
    state?.streamClosed(runsToItsEnd: runsToItsEnd)
    state = nil
  }

  // MARK: - The end

  /// In a turn of its own: when GOAWAY or a reset drops frames that wait, their promises fail before we are told why.
  private func writeFailed(_ error: any Error) {
    eventLoop.execute { self.fail(error) }
  }

  private func fail(_ error: any Error) {
    guard !isDone, let state else { return }
    finishAndReset(GRPCStream.callError(for: error, state: state, sent: isSent, deadline: deadline))
  }

  /// Takes in what has arrived as it arrives, so that what is too long, or too much, is refused before it fills the memory.
  private func collect() throws(RPCError) {
    while let message = try response.next() {
      guard answer == nil else {
        throw RPCError(.internal, "The server answered with more than one message.", progress: .unknown)
      }
      answer = message
    }
  }

  private func takeAnswer() -> Result<[UInt8], RPCError> {
    do throws(RPCError) {
      try collect()
      guard let answer, response.messages.isAtBoundary else {
        return .failure(
          RPCError(.internal, "The server sent OK without exactly one message.", progress: .unknown))
      }
      return .success(answer)
    } catch {
      return .failure(error)
    }
  }

  /// Nobody wants the answer any more. A call that must run to its end goes on unheard: its stream closes with the answer, or when
  /// the server cannot be at it any more.
  private func abandon(_ error: RPCError) {
    // No server begins with a transaction before all of it is there.
    guard runsToItsEnd, isSent, let channel else { return finishAndReset(error) }
    finish(.failure(error))
    let limit = eventLoop.scheduleTask(in: .seconds(60)) { GRPCStream.reset(channel) }
    channel.closeFuture.whenComplete { _ in limit.cancel() }
  }

  private func finishAndReset(_ error: RPCError) {
    finish(.failure(error))
    if let channel { GRPCStream.reset(channel) }
  }

  private func finish(_ result: Result<[UInt8], RPCError>) {
    isDone = true
    timer?.cancel()
    timer = nil
    response.discard()
    answer = nil
    slot.resume(result)
  }
}
