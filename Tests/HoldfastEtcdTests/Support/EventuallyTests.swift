import Synchronization
import TestSupport
import Testing

@Suite("Bounded polling")
struct EventuallyTests {
  @Test("returns as soon as the condition holds, errors before that notwithstanding")
  func holds() async throws {
    struct NotYet: Error {}
    let attempts = Counter()
    try await eventually {
      attempts.increment()
      if attempts.value < 3 { throw NotYet() }
      return attempts.value == 5
    }
    #expect(attempts.value == 5)
  }

  @Test("fails with what was expected, where, and the last error")
  func fails() async throws {
    struct Broken: Error {}
    let error = await #expect(throws: EventuallyTimeout.self) {
      try await eventually(within: .milliseconds(5), "pigs fly") { throw Broken() }
    }
    let text = error?.description ?? ""
    #expect(text.contains("pigs fly"))
    #expect(text.contains("Broken"))
    #expect(text.contains("EventuallyTests.swift"))
  }

  @Test("ends at once when it is cancelled")
  func cancelled() async throws {
    await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await eventually(within: .seconds(600)) { false } }
      group.cancelAll()
      await #expect(throws: CancellationError.self) { try await group.next() }
    }
  }
}

/// A number that several tasks may raise.
final class Counter: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .sequentiallyConsistent) }

  func increment() {
    count.add(1, ordering: .sequentiallyConsistent)
  }
}
