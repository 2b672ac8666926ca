import Holdfast
import Testing

/// How a machine tells the steps of its base.
@Suite struct CacheMachineStepsTests {
  private func live(limit: OverlayLimit = OverlayLimit()) -> MachineDriver {
    var driver = MachineDriver(limit: limit)
    driver.machine.reportsSteps = true
    driver.send(.start)
    driver.list(10, [machineRow("/p/a", "1", 5), machineRow("/p/b", "1", 6)])
    driver.send(.watchStarted(attempt: driver.attempt, ResponseHeader(revision: 10)))
    return driver
  }

  private func steps(_ actions: [TestMachine.Action]) -> [BaseStep] {
    actions.compactMap { if case .advanced(let step) = $0 { step } else { nil } }
  }

  private func text(_ changes: [BaseChange]) -> [String] {
    changes.map { "\($0.key)@\($0.revision) \($0.old?.text ?? "-")>\($0.new?.text ?? "-")" }
  }

  @Test func nothingIsToldUnlessItIsWanted() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5)])
    #expect(steps(driver.events((11, .put("a", "2")))).isEmpty)
    driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "compacted")))
    #expect(steps(driver.list(20, [])).isEmpty)
  }

  @Test func aWatchIsToldWithWhatItReplaced() throws {
    var driver = live()
    let actions = driver.events(
      (11, .put("a", "2")), (11, .put("c", "1")), (12, .delete("b")), (12, .delete("nothing")), (13, .put("a", "3")))
    let step = try #require(steps(actions).first)
    #expect(step.from == 10 && step.to == 13 && step.epoch == 0)
    #expect(text(step.changes) == ["/p/a@11 1>2", "/p/c@11 ->1", "/p/b@12 1>-", "/p/a@13 2>3"])
    #expect(step.revisions.map(\.count) == [2, 1, 1])
    // Readers see it before anybody is told.
    #expect(actions.names.map { $0.split(separator: " ")[0] } == ["publish", "reached", "advanced"])
    let progress = try #require(steps(driver.progress(20)).first)
    #expect(progress.from == 13 && progress.to == 20 && progress.changes.isEmpty)
    // What came already is no step.
    #expect(steps(driver.events((13, .put("a", "3")))).isEmpty)
  }

  @Test func aListIsToldAsTheNetDifference() throws {
    var driver = live()
    driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "compacted")))
    let step = try #require(steps(driver.list(30, [machineRow("/p/b", "2", 20, created: 20)])).first)
    guard case .resync(isContinuous: true) = step.kind else { return #expect(Bool(false), "\(step.kind)") }
    #expect(step.from == 10 && step.to == 30)
    #expect(text(step.changes) == ["/p/a@30 1>-", "/p/b@20 1>2"])
    #expect(step.changes.map(\.kind) == [.deleted, .replaced])
  }

  @Test func aRestoreIsAnotherEpochAndNotContinuous() throws {
    var driver = live()
    driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "compacted")))
    let step = try #require(steps(driver.lowList(7, [machineRow("/p/a", "0", 3)])).first)
    guard case .resync(isContinuous: false) = step.kind else { return #expect(Bool(false), "\(step.kind)") }
    #expect(step.epoch == 1 && step.to == 7)
    #expect(text(step.changes) == ["/p/a@3 1>0", "/p/b@7 1>-"])
  }

  /// One revision has one state. Whoever was told another one cannot go on from there (seed 26304 once found it).
  @Test func anotherStateAtTheSameRevisionIsNotContinuous() throws {
    var driver = live()
    var history = HistoryWindow()
    history.add(BaseStep(.loaded, from: 10, to: 10, epoch: 0))
    driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "compacted")))
    let step = try #require(steps(driver.list(10, [machineRow("/p/a", "1", 5)])).first)
    guard case .resync(isContinuous: false) = step.kind else { return #expect(Bool(false), "\(step.kind)") }
    history.add(step)
    #expect(code { try history.step(after: 10) } == .compacted)
  }

  @Test func whatIsDroppedIsHandedOut() throws {
    var driver = live(limit: OverlayLimit(entries: 1))
    driver.ack(11, .put("x", "1"))
    driver.ack(12, .put("y", "1"))
    let failed = driver.send(.listFailed(attempt: driver.attempt, HoldfastError(.unavailable, "away")))
    let step = try #require(steps(failed).first)
    guard case .forgotten(let held) = step.kind else { return #expect(Bool(false), "\(step.kind)") }
    #expect(held.map(\.key) == ["/p/a", "/p/b"])
    let loaded = try #require(steps(driver.list(15, [machineRow("/p/a", "1", 5)])).first)
    guard case .loaded = loaded.kind else { return #expect(Bool(false), "\(loaded.kind)") }
    #expect(loaded.to == 15 && loaded.changes.isEmpty)
  }
}
