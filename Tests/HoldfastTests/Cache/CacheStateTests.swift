import Testing

@testable import Holdfast

/// What belongs to one run of a cache, and what to the one before.
@Suite struct CacheStateTests {
  /// The task that runs a cache and its machine begin and end one after the other; in between nobody may be shown what is left of
  /// the run before.
  @Test func whatAStopLeavesBehindIsNotCurrent() {
    var driver = MachineDriver.live(at: 7)
    var state = CacheState(machine: driver.machine, hub: ChangeHub(limit: .init(revisions: 1, bytes: 1)))
    #expect(!state.isCurrent, "nobody runs it")
    state.isRunning = true
    #expect(state.isCurrent)
    driver.send(.stop)
    state.machine = driver.machine
    #expect(state.machine.snapshotRevision == 7 && !state.isCurrent)
    driver.send(.start)
    state.machine = driver.machine
    #expect(state.isCurrent && state.machine.snapshotRevision == nil)
  }
}
