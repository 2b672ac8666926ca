@testable import HoldfastSimulation
import HoldfastCore
import Testing

/// What of an operation counts in which history of the store.
@Suite struct RegisterHistoriesTests {
  private func operations(_ histories: RegisterHistories, in history: Int) -> [RegisterOperation] {
    histories.operations(of: 0, in: history) { $0 == 7 ? 70 : nil }
  }

  @Test func answeredOperationsCountWithWhatTheyWereTold() {
    var histories = RegisterHistories()
    histories.record(.replace(nil, by: 1), attempted: .write(1), of: 0, invoked: 1, returned: 2, in: 0)
    histories.record(.read(1), attempted: nil, of: 0, invoked: 3, returned: 4, in: 0)
    histories.record(.read(1), attempted: nil, of: 1, invoked: 3, returned: 4, in: 0)
    #expect(
      operations(histories, in: 0) == [
        RegisterOperation(.compareAndSet(expected: nil, new: 1, succeeded: true), invoked: 1, returned: 2),
        RegisterOperation(.read(1), invoked: 3, returned: 4),
      ])
  }

  @Test func aCompareWithARevisionIsOneWithWhatWasWrittenThen() {
    var histories = RegisterHistories()
    for revision in [0, 7, 8] as [Revision] {
      histories.record(
        .compareAndSet(revision, 2, succeeded: true), attempted: nil, of: 0, invoked: 1, returned: 2, in: 0)
    }
    let expected = operations(histories, in: 0).map(\.action)
    #expect(
      expected == [
        .compareAndSet(expected: nil, new: 2, succeeded: true), .compareAndSet(expected: 70, new: 2, succeeded: true),
        // No value has this token: such a compare never succeeds.
        .compareAndSet(expected: .max, new: 2, succeeded: true),
      ])
  }

  @Test func whatARestoreOvertookIsUnknownInTheHistoryBefore() {
    var histories = RegisterHistories()
    let invoked = histories.nextInstant()
    histories.restored()
    let restored = histories.nextInstant() - 1
    let returned = histories.nextInstant()
    histories.record(.replace(nil, by: 1), attempted: .write(1), of: 0, invoked: invoked, returned: returned, in: 1)
    #expect(operations(histories, in: 0) == [RegisterOperation(.write(1), invoked: invoked, returned: nil)])
    #expect(
      operations(histories, in: 1) == [
        RegisterOperation(.compareAndSet(expected: nil, new: 1, succeeded: true), invoked: restored, returned: returned)
      ])
  }

  @Test func aWriteOfUnknownOutcomeMayBeInAnyHistoryThatItSaw() {
    var histories = RegisterHistories()
    histories.restored()
    let invoked = histories.nextInstant()
    histories.restored()
    histories.recordUnknown(.write(1), of: 0, invoked: invoked)
    #expect((0...2).map { operations(histories, in: $0).count } == [0, 1, 1])
  }

  @Test func aReadFromMemoryThatSpansARestoreIsLeftOut() {
    var histories = RegisterHistories()
    let invoked = histories.nextInstant()
    histories.restored()
    histories.recordRead(0, token: 1, invoked: invoked, returned: histories.nextInstant())
    #expect(operations(histories, in: 1) == [])
    let later = histories.nextInstant()
    let returned = histories.nextInstant()
    histories.recordRead(0, token: 1, invoked: later, returned: returned)
    #expect(operations(histories, in: 1) == [RegisterOperation(.read(1), invoked: later, returned: returned)])
  }
}
