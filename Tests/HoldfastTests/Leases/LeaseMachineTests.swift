import HoldfastCore
import Testing

@testable import Holdfast

/// When a lease is asked for, kept alive, and given up.
@Suite struct LeaseMachineTests {
  private let id = LeaseID(7)
  private let header = ResponseHeader(revision: 1)

  private func machine(ttl: Duration = .seconds(9), grantTimeout: Duration = .seconds(10)) -> LeaseMachine {
    LeaseMachine(ttl: ttl, grantTimeout: grantTimeout)
  }

  private func lease(_ ttl: Duration = .seconds(9)) -> Lease { Lease(id: id, ttl: ttl, header: header) }

  private func failure(_ code: HoldfastError.Code, _ outcome: HoldfastError.Outcome? = .unknown) -> HoldfastError {
    HoldfastError(code, "no", outcome: outcome)
  }

  private func held(at now: Duration = .zero) -> LeaseMachine {
    var machine = machine()
    _ = machine.handle(.start(id), now: now, jitter: 0)
    _ = machine.handle(.answered(lease()), now: now, jitter: 0)
    return machine
  }

  private func loss(_ actions: [LeaseMachine.Action]) -> HoldfastError? {
    if case .lost(let error)? = actions.last, actions.count == 1 { error } else { nil }
  }

  @Test func itIsKeptAliveAtAThirdOfTheGrantedTime() {
    var machine = machine()
    #expect(machine.handle(.start(id), now: .zero, jitter: 0) == [.grant(id)])
    // The store granted more than was asked for.
    let granted = lease(.seconds(30))
    #expect(
      machine.handle(.answered(granted), now: .seconds(1), jitter: 0) == [.hold(granted), .wait(until: .seconds(10))])
    #expect(
      machine.handle(.woken, now: .seconds(10), jitter: 0)
        == [.keepAlive(id, within: .milliseconds(9_500), until: .seconds(29))],
      "a second before the end, counted from when the grant was sent")
    #expect(
      machine.handle(.answered(granted), now: .seconds(12), jitter: 0) == [.wait(until: .seconds(20))],
      "counted from when the keep-alive was sent")
  }

  @Test func jitterMakesItEarlierAndNeverLater() {
    var machine = machine()
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    let actions = machine.handle(.answered(lease()), now: .zero, jitter: 0.5)
    #expect(actions == [.hold(lease()), .wait(until: .milliseconds(2_850))])
  }

  @Test func itIsLostAtTheLocalDeadlineWhichIsBeforeTheServers() throws {
    var machine = held()
    #expect(
      machine.handle(.woken, now: .seconds(3), jitter: 0)
        == [.keepAlive(id, within: .milliseconds(2_550), until: .milliseconds(8_100))])
    var now = Duration.seconds(3)
    var waits = 0
    while true {
      let actions = machine.handle(.failed(failure(.unavailable)), now: now, jitter: 0)
      if let error = loss(actions) {
        #expect(error.code == .leaseExpired)
        #expect((error.cause as? HoldfastError)?.code == .unavailable)
        break
      }
      guard case .wait(let until)? = actions.first else { throw failure(.internal) }
      #expect(until > now && until <= .milliseconds(8_100))
      waits += 1
      now = until
      let next = machine.handle(.woken, now: now, jitter: 0)
      if let error = loss(next) {
        #expect((error.cause as? HoldfastError)?.code == .unavailable)
        break
      }
      guard case .keepAlive(id, let limit, until: .milliseconds(8_100))? = next.first else { throw failure(.internal) }
      let left = .milliseconds(8_100) - now
      let half = left < .milliseconds(200) ? min(left, .milliseconds(100)) : left / 2
      #expect(limit == half, "another attempt is in time")
    }
    #expect(now == .milliseconds(8_100))
    #expect(waits > 5, "it is tried again and again")
  }

  @Test func anAnswerAfterFailuresSavesIt() {
    var machine = held()
    _ = machine.handle(.woken, now: .seconds(3), jitter: 0)
    _ = machine.handle(.failed(failure(.unavailable)), now: .seconds(4), jitter: 0)
    _ = machine.handle(.woken, now: .seconds(5), jitter: 0)
    #expect(machine.handle(.answered(lease()), now: .seconds(6), jitter: 0) == [.wait(until: .seconds(8))])
    #expect(
      machine.handle(.woken, now: .seconds(8), jitter: 0)
        == [.keepAlive(id, within: .milliseconds(2_550), until: .milliseconds(13_100))])
  }

  @Test func theServersWordIsFinal() throws {
    var machine = held()
    _ = machine.handle(.woken, now: .seconds(3), jitter: 0)
    let error = try #require(loss(machine.handle(.failed(failure(.leaseNotFound, nil)), now: .seconds(3), jitter: 0)))
    #expect(error.code == .leaseExpired)
    #expect((error.cause as? HoldfastError)?.code == .leaseNotFound)
    machine = held()
    _ = machine.handle(.woken, now: .seconds(3), jitter: 0)
    let none = machine.handle(.answered(lease(.zero)), now: .seconds(3), jitter: 0)
    #expect(loss(none)?.code == .leaseExpired, "no time to live is no lease")
  }

  /// The process was stopped for longer than the lease lives.
  @Test func wakingUpTooLateIsALoss() {
    var machine = held()
    #expect(loss(machine.handle(.woken, now: .seconds(100), jitter: 0))?.code == .leaseExpired)
    machine = held()
    _ = machine.handle(.woken, now: .seconds(3), jitter: 0)
    // The answer is of before the stop.
    #expect(loss(machine.handle(.answered(lease()), now: .seconds(100), jitter: 0))?.code == .leaseExpired)
  }

  @Test func aRepeatedGrantIsRecognised() {
    var machine = machine()
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    #expect(
      machine.handle(.failed(failure(.unavailable)), now: .seconds(1), jitter: 0)
        == [.wait(until: .milliseconds(1_050))])
    #expect(machine.handle(.woken, now: .seconds(2), jitter: 0) == [.grant(id)])
    #expect(
      machine.handle(.failed(failure(.leaseExists, .refused)), now: .seconds(3), jitter: 0)
        == [.keepAlive(id, within: .seconds(9), until: .seconds(12))])
    #expect(
      machine.handle(.answered(lease()), now: .seconds(4), jitter: 0) == [.hold(lease()), .wait(until: .seconds(6))],
      "counted from when the keep-alive was sent")
  }

  @Test func itExpiredBeforeItsGrantWasKnown() {
    var machine = machine()
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    _ = machine.handle(.failed(failure(.unavailable)), now: .zero, jitter: 0)
    _ = machine.handle(.woken, now: .seconds(1), jitter: 0)
    _ = machine.handle(.failed(failure(.leaseExists, .refused)), now: .seconds(1), jitter: 0)
    _ = machine.handle(.failed(failure(.leaseNotFound, nil)), now: .seconds(1), jitter: 0)
    #expect(machine.handle(.woken, now: .seconds(2), jitter: 0) == [.grant(id)])
  }

  /// The answer took longer than the lease is certain: it is not handed out, nor left behind.
  @Test func aGrantThatIsAnsweredTooLateIsRevokedAndTriedAgain() {
    var machine = machine(grantTimeout: .seconds(20))
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    let late = machine.handle(.answered(lease()), now: .milliseconds(8_100), jitter: 0)
    #expect(late == [.revoke(id), .wait(until: .milliseconds(8_150))])
    // Under another id: the revocation may still be on its way.
    #expect(machine.handle(.woken, now: .seconds(9), jitter: 0) == [.grant(LeaseID(8))])
    let again = Lease(id: LeaseID(8), ttl: .seconds(9), header: header)
    let held = machine.handle(.answered(again), now: .seconds(10), jitter: 0)
    #expect(held == [.hold(again), .wait(until: .seconds(12))])
  }

  @Test func grantsThatAreAnsweredTooLateAreGivenUpInTheEnd() throws {
    var machine = machine(grantTimeout: .seconds(10))
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    let actions = machine.handle(.answered(lease()), now: .seconds(11), jitter: 0)
    #expect(actions.first == .revoke(id))
    guard case .fail(let error)? = actions.last else {
      Issue.record("it goes on: \(actions)")
      return
    }
    #expect(error.code == .timeout && error.outcome == .refused)
  }

  @Test func anIdThatSomebodyElseHasIsNotTaken() {
    var machine = machine()
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    let error = failure(.leaseExists, .refused)
    #expect(machine.handle(.failed(error), now: .zero, jitter: 0) == [.fail(error)])
  }

  @Test func aGrantIsGivenUpAndWhatItMayHaveLeftIsRevoked() {
    var machine = machine(grantTimeout: .seconds(2))
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    _ = machine.handle(.failed(failure(.timeout)), now: .seconds(1), jitter: 0)
    _ = machine.handle(.woken, now: .seconds(1), jitter: 0)
    let last = failure(.unavailable, .refused)
    #expect(machine.handle(.failed(last), now: .seconds(2), jitter: 0) == [.revoke(id), .fail(last)])
    // What was certainly never granted needs no revocation, and what will not change is not tried again.
    machine = self.machine()
    _ = machine.handle(.start(id), now: .zero, jitter: 0)
    let denied = failure(.permissionDenied, .refused)
    #expect(machine.handle(.failed(denied), now: .zero, jitter: 0) == [.fail(denied)])
  }

  @Test func afterALossItIsTriedForAsLongAsItTakes() {
    var machine = held()
    _ = machine.handle(.woken, now: .seconds(100), jitter: 0)
    let next = LeaseID(8)
    #expect(machine.handle(.start(next), now: .seconds(100), jitter: 0) == [.grant(next)])
    let actions = machine.handle(.failed(failure(.unavailable)), now: .seconds(1_000), jitter: 0)
    #expect(actions == [.wait(until: .milliseconds(1_000_050))])
  }
}
