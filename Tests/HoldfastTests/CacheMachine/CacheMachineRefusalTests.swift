import Holdfast
import HoldfastCore
import Testing

/// A store that refuses probes while its watch goes on: a role was revoked, or a password changed.
@Suite struct CacheMachineRefusalTests {
  private let records = [machineRow("/p/a", "1", 5)]

  @Test(arguments: [HoldfastError.Code.permissionDenied, .unauthenticated]) func theCacheIsStaleUntilOneIsAnswered(
    code: HoldfastError.Code
  ) {
    let cause = HoldfastError(code, "no")
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.probeFailed(cause, epoch: 0))
    #expect(driver.machine.phase == .stale(cause))
    driver.events((9, .put("a", "2")))
    #expect(driver.machine.revision == 9 && driver.machine.phase == .stale(cause), "events confirm nothing")
    driver.send(.lookAfter(now: .seconds(1000), limit: .seconds(1)))
    #expect(driver.machine.phase == .stale(cause), "the cause stays")
    driver.send(.probed(driver.machine.probe(at: .seconds(1001)), anchorAnswer(9, driver.machine.base.map(\.value))))
    #expect(driver.machine.phase == .live)
  }

  /// Its watch may have stalled meanwhile.
  @Test func whatTheStoreHadThenIsAwaited() {
    var driver = MachineDriver.live(at: 7, records)
    let cause = HoldfastError(.permissionDenied, "no")
    driver.send(.probeFailed(cause, epoch: 0))
    let answer = anchorAnswer(9, [machineRow("/p/a", "1", 5), machineRow("/p/b", "1", 9)])
    let actions = driver.send(.probed(driver.machine.probe(at: .seconds(1)), answer))
    #expect(actions.names == ["want probe"] && driver.machine.phase == .stale(cause))
    driver.events((9, .put("b", "1")))
    #expect(driver.machine.phase == .live)
  }

  @Test func anOutageOfOneProbeIsNone() {
    var driver = MachineDriver.live(at: 7, records)
    for code in [HoldfastError.Code.unavailable, .timeout, .cancelled] {
      driver.send(.probeFailed(HoldfastError(code, "away"), epoch: 0))
    }
    driver.send(.probeFailed(HoldfastError(.permissionDenied, "no"), epoch: 7))
    #expect(driver.machine.phase == .live)
  }

  @Test func aNewListForgetsIt() {
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.probeFailed(HoldfastError(.permissionDenied, "no"), epoch: 0))
    driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "gone")))
    driver.send(.listed(attempt: driver.attempt, header: ResponseHeader(revision: 8), records: records))
    driver.send(.watchStarted(attempt: driver.attempt, ResponseHeader(revision: 8)))
    #expect(driver.machine.phase == .live)
  }
}
