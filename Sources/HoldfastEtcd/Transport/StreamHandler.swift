import NIOCore
import NIOHPACK

/// The event loop's side of a bidirectional stream.
///
/// The stream's window opens again when the consumer waits or takes: what nobody asks for uses it up, and the server stops by
/// itself.
///
/// `@unchecked Sendable`: as with `UnaryCallHandler`, others hold a reference to constants only. The variables belong to
/// the event loop: what the multiplexer calls, `start`, which asserts it, and the entry points for other threads, which hop
/// there first.
final class StreamHandler: HTTP2StreamOwner, @unchecked Sendable {
  private let eventLoop: any EventLoop
  private let headers: HPACKHeaders
  private let deadline: NIODeadline?

  private var opening = WaitSlot<Void>()
  private var receiver = WaitSlot<[[UInt8]]?>()
  private var sender = WaitSlot<Void>()

  private var response: GRPCResponse
  /// How the stream ended, nil while it has not.
  private var end: Result<Void, RPCError>?
  private var multiplexer: HTTP2Multiplexer?
  private var stream: HTTP2StreamState?
  private var callTimer: Scheduled<Void>?
  private var receiveTimer: Scheduled<Void>?

  init(headers: HPACKHeaders, deadline: NIODeadline?, limit: Int, eventLoop: any EventLoop) {
    self.headers = headers
    self.deadline = deadline
    self.eventLoop = eventLoop
    response = GRPCResponse(limit: limit)
  }

  // MARK: - Entry points

  /// Opens the stream. The continuation is resumed exactly once, here.
  func start(_ continuation: WaitSlot<Void>.Continuation, on multiplexer: HTTP2Multiplexer) {
    eventLoop.assertInEventLoop()
    guard opening.arm(continuation, token: 1) else { return }
    guard multiplexer.state.flag.isUsable else { return finish(.failure(multiplexer.state.refusal())) }
    let stream = HTTP2StreamState(headers, isUnary: false, window: multiplexer.streamWindow, owner: self)
    self.multiplexer = multiplexer
    self.stream = stream
    // Before the stream, which may be lost at once: its end stops the timer.
    if let deadline {
      callTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
        self.abandon(.deadlinePassed(.unknown))
      }
    }
    multiplexer.open(stream)
    opening.resume(.success(()))
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
      self.openWindow()
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
      guard self.end == nil, let stream = self.stream else {
        return self.sender.resume(.failure(self.sendError()))
      }
      self.multiplexer?.send(message, on: stream)
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

  // MARK: - The stream

  func received(_ headers: HPACKHeaders, isLast: Bool) {
    if end == nil { take(response.receive(headers, isLast: isLast)) }
  }

  func received(_ data: ByteBuffer, isLast: Bool) {
    if end == nil { take(response.receive(data, isLast: isLast)) }
  }

  func receivedBatch() {
    deliver()
    // Half a message is nothing to wake up for.
    if !receiver.isEmpty { openWindow() }
  }

  func written() { sender.resume(.success(())) }

  func lost(_ loss: HTTP2Loss) {
    guard end == nil, let multiplexer, let stream else { return }
    finish(
      .failure(GRPCStream.error(for: loss, state: multiplexer.state, sent: stream.isSent, deadline: deadline)))
    release()
  }

  private func take(_ step: GRPCResponse.Step) {
    switch step {
    case .more:
      break
    case .ended(let error?):
      // What came before the end is still handed out, in order.
      finishAndReset(error)
    case .ended(nil):
      finish(.success(()))
      // Our side was never ended, which only a reset can do now.
      reset()
    }
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
      // Last, for it may turn out that the connection is lost.
      openWindow()
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

  private func openWindow() {
    if let stream { multiplexer?.openWindow(of: stream) }
  }

  /// Ends the stream from our side, and with it what was not handed out: nobody waits for that any more.
  private func abandon(_ error: RPCError) {
    response.discard()
    end = nil
    finishAndReset(error)
  }

  private func finishAndReset(_ error: RPCError, isDelivering: Bool = false) {
    finish(.failure(error), isDelivering: isDelivering)
    reset()
  }

  private func reset() {
    if let stream { multiplexer?.reset(stream) }
    release()
  }

  /// The stream is over.
  private func release() {
    stream = nil
    multiplexer = nil
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
