import HoldfastCore
import HoldfastTesting
import Testing

@testable import Holdfast

/// Tasks that wait: each is let go once, for one reason.
@Suite(.timeLimit(.minutes(1))) struct WaitListTests {
  private typealias List = WaitList<Set<Int>, String>

  private let clock = ManualClock()

  /// Its content is who waits.
  private func list() -> List { List([], TimeSource(clock)) { $0.remove($1) } }

  private func wait(_ list: List, until deadline: Duration? = nil) -> Task<String?, any Error> {
    Task {
      try await list.wait(until: deadline) { waiting, id in
        waiting.insert(id)
        return nil
      }
    }
  }

  private func waiting(_ list: List, _ count: Int) async throws {
    try await eventually { list.withContent { $0.count } == count }
  }

  @Test func whoIsWokenIsToldWhy() async throws {
    let list = list()
    let task = wait(list)
    try await waiting(list, 1)
    list.wake(with: .success("here")) { waiting in
      defer { waiting = [] }
      return waiting
    }
    #expect(try await task.value == "here")
    let other = wait(list, until: .seconds(1))
    try await waiting(list, 1)
    list.wakeAll(with: .failure(HoldfastError(.stopped, "over"))) { $0 = [] }
    #expect(await failure { try await other.value }?.code == .stopped)
    // With those who have gone their timer has.
    let later = wait(list, until: .seconds(2))
    await clock.waitForSleepers(until: .init(offset: .seconds(2)))
    clock.advance(by: .seconds(2))
    #expect(try await later.value == nil)
  }

  @Test func whoNeedNotWaitDoesNot() async throws {
    #expect(try await list().wait(until: .zero) { _, _ in .success("at once") } == "at once")
  }

  @Test func eachDeadlineIsKept() async throws {
    let list = list()
    let late = (1...20).map { wait(list, until: .seconds(10 + $0)) }
    try await waiting(list, 20)
    await clock.waitForSleepers(until: .init(offset: .seconds(11)))
    let soon = wait(list, until: .seconds(1))
    await clock.waitForSleepers(until: .init(offset: .seconds(1)))
    clock.advance(by: .seconds(1))
    #expect(try await soon.value == nil)
    try await waiting(list, 20)
    // Those who are left have a timer again.
    await clock.waitForSleepers(until: .init(offset: .seconds(11)))
    clock.advance(by: .seconds(14))
    for task in late.prefix(5) { #expect(try await task.value == nil) }
    try await waiting(list, 15)
    list.wake(with: .success("here")) { $0 }
    for task in late.dropFirst(5) { #expect(try await task.value == "here") }
  }

  @Test func aDeadlineThatIsPastEndsAtOnce() async throws {
    let list = list()
    clock.advance(by: .seconds(5))
    #expect(try await wait(list, until: .seconds(4)).value == nil)
    try await waiting(list, 0)
  }

  @Test func whoIsCancelledLeavesTheOthersAlone() async throws {
    let list = list()
    let (first, second) = (wait(list, until: .seconds(1)), wait(list))
    try await waiting(list, 2)
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    try await waiting(list, 1)
    list.wakeAll(with: .success("here")) { $0 = [] }
    #expect(try await second.value == "here")
  }

  @Test func whoWasCancelledBeforeDoesNotWait() async throws {
    let list = list()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await list.wait { waiting, id in
        waiting.insert(id)
        return nil
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    try await waiting(list, 0)
  }
}
