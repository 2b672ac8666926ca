import ArgumentParser
import Holdfast
import Synchronization

/// How to wait for a lock or a leadership, and what to do with it.
struct HoldOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "After how many seconds others get it when this process ends without releasing it.")
  var ttl = 10.0

  @Option(parsing: .unconditional, help: "Give up after waiting for so many seconds. (default: never)")
  var wait: Double?

  @Option(
    parsing: .unconditional, help: "How many seconds the command has to end after SIGTERM, before SIGKILL.")
  var grace = 5.0

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("After --: a command to run while it is held, and its arguments.", valueName: "command"))
  var command: [String] = []

  func validate() throws {
    for (option, seconds) in [("--ttl", ttl), ("--grace", grace), ("--wait", wait ?? 1)]
    where !(seconds > 0 && seconds <= 1_000_000_000) {
      throw ValidationError("\(option) is \(seconds); it must be a positive number of seconds")
    }
  }

  /// What to do while it is held: run the command, or wait for the end of the task.
  func whileHeld(_ variables: [String: String], _ tool: Tool) async throws -> ExitStatus {
    guard command.isEmpty else {
      return try await UserCommand(words: command, grace: .seconds(grace)).run(variables, tool)
    }
    // Never yields anything: iterating it ends when the task is cancelled.
    let (forever, continuation) = AsyncStream<Never>.makeStream()
    for await _ in forever {}
    continuation.finish()
    throw CancellationError()
  }

  /// Runs the body, which says when it has got its turn, and ends it when that takes longer than `--wait`. Whether that is because
  /// somebody else holds it, the store says: it may also be the one that does not answer.
  func withTurn(
    at name: String, in store: Store, _ body: @escaping @Sendable (_ turn: Turn) async throws -> ExitStatus
  ) async throws -> ExitStatus {
    guard let wait else { return try await body(Turn(late: nil)) }
    do {
      return try await withTurn(at: name, within: wait, body)
    } catch let error as HoldfastError where error.code == .lockHeld {
      guard try await store.election(Key(name)).leader() == nil else { throw error }
      throw HoldfastError(
        .timeout, "the turn did not come within \(rounded(wait, 1)) s", key: Key(name), outcome: .refused)
    }
  }

  private func withTurn(
    at name: String, within wait: Double, _ body: @escaping @Sendable (_ turn: Turn) async throws -> ExitStatus
  ) async throws -> ExitStatus {
    let late = HoldfastError(
      .lockHeld, "somebody else holds it still, after \(rounded(wait, 1)) s", key: Key(name), outcome: .refused)
    let turn = Turn(late: late)
    return try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
      group.addTask {
        do {
          return try await body(turn)
        } catch {
          // It was cancelled for being late, or it has failed by itself.
          throw turn.isLate ? late : error
        }
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(wait))
        return nil
      }
      defer { group.cancelAll() }
      while let ended = try await group.next() {
        if let ended { return ended }
        if !Task.isCancelled, turn.expire() { group.cancelAll() }
      }
      return .failure
    }
  }
}

/// Whether somebody who waits has got what it waits for, or has waited too long: one or the other, for good.
final class Turn: Sendable {
  private enum State { case waiting, got, late }

  private let state = Mutex(State.waiting)
  private let late: HoldfastError?

  init(late: HoldfastError?) { self.late = late }

  var isLate: Bool { state.withLock { $0 == .late } }

  /// To be called with what was waited for in hand; throws if it comes too late.
  func get() throws {
    if !end(as: .got), isLate, let late { throw late }
  }

  /// Whether the time is over before the turn has come.
  func expire() -> Bool { end(as: .late) }

  private func end(as next: State) -> Bool {
    state.withLock { state in
      guard state == .waiting else { return false }
      state = next
      return true
    }
  }
}
