import NIOCore
import NIOHPACK

/// One unary call.
///
/// `@unchecked Sendable`: it is made on the caller's thread and then known to three parties, its creator, the connection's
/// multiplexer and the task's cancellation handler. What they share are constants. The variables are touched by private functions
/// and by what the multiplexer calls only, which run on the event loop, and by `start`, which asserts that it does; `cancel` hops
/// there.
final class UnaryCallHandler: HTTP2StreamOwner, NIOScheduledCallbackHandler, @unchecked Sendable {
  typealias Slot = WaitSlot<[UInt8]>

  private let eventLoop: any EventLoop
  private let headers: HPACKHeaders
  private let message: ByteBuffer
  private let deadline: NIODeadline?
  private let runsToItsEnd: Bool

  private var slot = Slot()
  private var response: GRPCResponse
  private var answer: [UInt8]?
  private var multiplexer: HTTP2Multiplexer?
  private var stream: HTTP2StreamState?
  private var timer: NIOScheduledCallback?
  /// For a stream that nobody waits for any more.
  private var limit: Scheduled<Void>?
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

  /// Begins the call. The continuation is resumed exactly once, here or later.
  func start(_ continuation: Slot.Continuation, on multiplexer: HTTP2Multiplexer) {
    eventLoop.assertInEventLoop()
    guard slot.arm(continuation, token: Self.token) else { return }
    guard multiplexer.state.flag.isUsable else { return finish(.failure(multiplexer.state.refusal())) }
    do {
      if let deadline { timer = try eventLoop.scheduleCallback(at: deadline, handler: self) }
    } catch {
      return finish(
        .failure(RPCError(.internal, "The call could not be started: \(error)", progress: .notProcessed)))
    }
    let stream = HTTP2StreamState(
      headers, isUnary: true, runsToItsEnd: runsToItsEnd, window: multiplexer.streamWindow, owner: self)
    self.multiplexer = multiplexer
    self.stream = stream
    multiplexer.open(stream, request: message)
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

  // MARK: - The stream

  func received(_ headers: HPACKHeaders, isLast: Bool) {
    if isDone { release(isLast: isLast) } else { take(response.receive(headers, isLast: isLast)) }
  }

  func received(_ data: ByteBuffer, isLast: Bool) {
    if isDone { release(isLast: isLast) } else { take(response.receive(data, isLast: isLast)) }
  }

  func receivedBatch() {}

  func written() {}

  func lost(_ loss: HTTP2Loss) {
    if !isDone, let multiplexer, let stream {
      finish(
        .failure(
          GRPCStream.error(for: loss, state: multiplexer.state, sent: stream.isSent, deadline: deadline)))
    }
    release(isLast: true)
  }

  private func take(_ step: GRPCResponse.Step) {
    switch step {
    case .more:
      do throws(RPCError) { try collect() } catch { finishAndReset(error) }
    case .ended(let error?):
      finishAndReset(error)
    case .ended(nil):
      finish(takeAnswer())
      // An answer that did not wait for the request: the rest of it is not wanted.
      if stream?.isSent != true { reset() }
      release(isLast: true)
    }
  }

  // MARK: - The end

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
    guard runsToItsEnd, stream?.isSent == true else { return finishAndReset(error) }
    finish(.failure(error))
    limit = eventLoop.assumeIsolated().scheduleTask(in: .seconds(60)) { self.reset() }
  }

  private func finishAndReset(_ error: RPCError) {
    finish(.failure(error))
    reset()
  }

  private func reset() {
    if let stream { multiplexer?.reset(stream) }
    release(isLast: true)
  }

  /// The stream is over.
  private func release(isLast: Bool) {
    guard isLast else { return }
    limit?.cancel()
    limit = nil
    stream = nil
    multiplexer = nil
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
