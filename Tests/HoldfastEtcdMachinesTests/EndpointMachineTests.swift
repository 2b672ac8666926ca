import HoldfastEtcdMachines
import Testing

@Suite struct EndpointMachineTests {
  private func fail(_ machine: inout EndpointMachine, jitter: Double = 1) -> EndpointMachine.Action? {
    machine.handle(.failed(machine.current, jitter: jitter)).first
  }

  @Test func oneEndpointIsTriedAgainEverLater() {
    var machine = EndpointMachine(count: 1)
    for milliseconds in [200, 400, 800, 1600, 3200, 5000, 5000] {
      #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(milliseconds)))
    }
  }

  @Test func othersAreTriedAtOnceAndEachRoundWaits() {
    var machine = EndpointMachine(count: 3)
    #expect(fail(&machine) == .use(endpoint: 1, after: .zero))
    #expect(fail(&machine) == .use(endpoint: 2, after: .zero))
    #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(200)))
    #expect(fail(&machine) == .use(endpoint: 1, after: .zero))
    #expect(fail(&machine) == .use(endpoint: 2, after: .zero))
    #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(400)))
  }

  @Test func successResets() {
    var machine = EndpointMachine(count: 1)
    _ = fail(&machine)
    _ = fail(&machine)
    #expect(machine.handle(.succeeded(machine.current)).isEmpty)
    #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(200)))
  }

  @Test func manyFailuresOfOneEndpointMoveOnOnce() {
    var machine = EndpointMachine(count: 3)
    let turn = machine.current
    for _ in 0..<5 { #expect(machine.handle(.failed(turn, jitter: 1)) == [.use(endpoint: 1, after: .zero)]) }
    #expect(machine.current.endpoint == 1)
  }

  @Test func manyFailuresOfTheOnlyEndpointAreOne() {
    var machine = EndpointMachine(count: 1)
    let turn = machine.current
    for _ in 0..<500 {
      #expect(machine.handle(.failed(turn, jitter: 1)) == [.use(endpoint: 0, after: .milliseconds(200))])
    }
    #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(400)))
  }

  @Test func aLateFailureOfAnEarlierTurnChangesNothing() {
    var machine = EndpointMachine(count: 2)
    let turn = machine.current
    _ = fail(&machine)
    _ = fail(&machine)
    #expect(machine.current.endpoint == 0)
    _ = machine.handle(.failed(turn, jitter: 1))
    #expect(machine.current.endpoint == 0)
  }

  @Test func aLateSuccessOfAnotherEndpointChangesNothing() {
    var machine = EndpointMachine(count: 2)
    let turn = machine.current
    _ = fail(&machine)
    _ = machine.handle(.succeeded(turn))
    #expect(machine.current.endpoint == 1)
    #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(200)))
  }

  @Test func jitterIsLimited() {
    for (jitter, milliseconds) in [(1.25, 250), (9, 300), (-3, 100), (Double.nan, 200)] {
      #expect(BackOff().delay(attempt: 0, jitter: jitter) == .milliseconds(milliseconds))
    }
    #expect(BackOff().delay(attempt: .max, jitter: 1) == .seconds(5))
    #expect(BackOff().delay(attempt: -1, jitter: 1) == .milliseconds(200))
  }

  @Test func noEndpointCountsAsOne() {
    var machine = EndpointMachine(count: 0)
    #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(200)))
  }

  @Test func otherEndpointsTakeTheirTurns() {
    var machine = EndpointMachine(count: 2)
    #expect(machine.handle(.replaced([3, 0, 1])).isEmpty, "what serves is left alone")
    #expect(machine.current.endpoint == 0)
    #expect(fail(&machine) == .use(endpoint: 1, after: .zero))
    #expect(fail(&machine) == .use(endpoint: 3, after: .zero))
    #expect(fail(&machine) == .use(endpoint: 0, after: .milliseconds(200)))
    #expect(machine.handle(.replaced([])).isEmpty)
    #expect(machine.count == 3)
  }

  @Test func anEndpointThatIsNoMoreIsLeft() {
    var machine = EndpointMachine(count: 2)
    let turn = machine.current
    #expect(machine.handle(.replaced([2, 1])) == [.use(endpoint: 2, after: .zero)])
    _ = machine.handle(.failed(turn, jitter: 1))
    #expect(machine.current.endpoint == 2, "its late failure is nobody else's")
    #expect(machine.handle(.replaced([1])) == [.use(endpoint: 1, after: .zero)])
    #expect(fail(&machine) == .use(endpoint: 1, after: .milliseconds(200)))
  }
}
