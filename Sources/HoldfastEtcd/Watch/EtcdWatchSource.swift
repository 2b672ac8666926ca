import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import SwiftProtobuf
import Synchronization

/// Drives one watch in the task that iterates it: does what the machine says until there is something to report.
final class EtcdWatchSource: WatchSource {
  private struct State {
    var machine: WatchMachine
    var actions: [WatchMachine.Action] = []
    var isStarted = false
    /// After an error, a stop or a cancellation nothing follows.
    var isOver = false
    var stream: WatchStream?
    /// The stream, by the machine's number, of which is to be found out which member serves it.
    var unidentified: Int64?
  }

  private let request: WatchRequest
  private let shell: WatchShell
  /// The time that a request may take to be sent.
  private let answerLimit: Duration
  private let state: Mutex<State>

  init(_ request: WatchRequest, timing: WatchTiming, shell: WatchShell) {
    self.request = request
    self.shell = shell
    answerLimit = timing.answer
    let machine = WatchMachine(
      range: request.range, from: request.startRevision, timing: timing, endpoints: shell.endpointCount,
      renewsToken: shell.authenticates)
    state = Mutex(State(machine: machine))
  }

  func next() async throws(HoldfastError) -> WatchUpdate? {
    while let action = nextAction() {
      guard !Task.isCancelled else { break }
      switch action {
      case .report(let update):
        if case .interrupted(let error) = update { shell.logInterruption(error, of: request.range) }
        return update
      case .fail(let error):
        end()
        throw error.naming(user: shell.user, [request.range])
      case .open: try await open()
      case .send(let command): await send(command)
      case .identify(let stream): state.withLock { $0.unidentified = stream }
      case .receive(let limit): await receive(within: limit)
      case .renewToken: withStream { shell.renewToken(of: $0) }
      case .keepEndpoint: withStream { shell.keep($0) }
      case .leaveEndpoint: leave()
      case .wait(let duration):
        do { try await shell.time.sleep(shell.time.now() + duration) } catch { break }
        handle(.waited)
      }
    }
    end()
    return nil
  }

  // MARK: State

  private func nextAction() -> WatchMachine.Action? {
    state.withLock { state in
      if state.isOver { return nil }
      if !state.isStarted {
        state.isStarted = true
        state.actions = state.machine.handle(.start)
      }
      return state.actions.isEmpty ? nil : state.actions.removeFirst()
    }
  }

  private func handle(_ input: WatchMachine.Input) {
    state.withLock { state in
      let actions = state.machine.handle(input)
      // What was planned is overtaken by an outage or the end, except for what is still to be reported.
      if actions.first.map(Self.isTurn) ?? false {
        state.actions.removeAll { if case .report = $0 { false } else { true } }
      }
      state.actions += actions
    }
  }

  private static func isTurn(_ action: WatchMachine.Action) -> Bool {
    switch action {
    case .renewToken, .leaveEndpoint, .fail: true
    default: false
    }
  }

  private func end() {
    state.withLock { state in
      state.isOver = true
      state.actions = []
      state.stream = nil
    }
  }

  private func withStream(_ body: (WatchStream) -> Void) {
    if let stream = state.withLock({ $0.stream }) { body(stream) }
  }

  // MARK: Actions

  private func open() async throws(HoldfastError) {
    do {
      let stream = try await shell.open()
      state.withLock { $0.stream = stream }
      handle(.opened)
    } catch {
      switch error {
      case .stopped:
        end()
        throw HoldfastError(.stopped, "the etcd backend has stopped")
      case .failed(let failure): handle(.failed(failure, jitter: shell.jitter()))
      }
    }
  }

  private func send(_ command: WatchCommand) async {
    guard let stream = state.withLock({ $0.stream }) else { return }
    do {
      let message: [UInt8] = try Wire.WatchRequest(command, for: request).serializedBytes()
      let (time, limit) = (shell.time, answerLimit)
      // A connection that is full keeps a new stream's first message for as long as it is.
      let isSent = try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await stream.stream.send(message)
          return true
        }
        group.addTask {
          try await time.sleep(time.now() + limit)
          return false
        }
        defer { group.cancelAll() }
        return try await group.next() ?? false
      }
      if !isSent { handle(.silent(jitter: shell.jitter())) }
    } catch {
      handle(Self.input(for: error, shell.jitter()))
    }
  }

  private func receive(within limit: Duration) async {
    let (stream, unidentified) = state.withLock { state in
      defer { state.unidentified = nil }
      return (state.stream, state.unidentified)
    }
    guard let stream else { return }
    do {
      let news =
        unidentified == nil
        ? .message(try await stream.stream.next(timeout: limit)) : try await stream.messageOrIdentity(within: limit)
      switch news {
      case .message(let bytes?): handle(.message(try await WatchDecoding.message(bytes)))
      case .message(nil): handle(.broken("the server ended the stream of the watch", jitter: shell.jitter()))
      case .identity(let identity): if let unidentified { handle(.identified(identity, stream: unidentified)) }
      }
    } catch {
      handle(Self.input(for: error, shell.jitter()))
    }
  }

  private static func input(for error: any Error, _ jitter: Double) -> WatchMachine.Input {
    guard let error = error as? RPCError else {
      return .broken("a message of the watch cannot be decoded", jitter: jitter)
    }
    // The stream has no deadline: one that did not come from the server is that of waiting for a message.
    if error.code == .deadlineExceeded && error.progress != .answered { return .silent(jitter: jitter) }
    return .failed(CallFailure(error, isCancelled: Task.isCancelled), jitter: jitter)
  }

  private func leave() {
    let stream = state.withLock { state in
      defer { state.stream = nil }
      return state.stream
    }
    shell.leave(stream)
  }
}
