import HoldfastCore
import HoldfastEtcdMachines
import Testing

@Suite struct AuthenticationMachineTests {
  private var machine = AuthenticationMachine()
  private static let wrong = CallFailure(
    .invalidArgument, "etcdserver: authentication failed, invalid user ID or password", progress: .answered)

  private mutating func need(_ now: Int, maximumAge: Duration? = nil) -> [AuthenticationMachine.Action] {
    machine.handle(.needed(maximumAge: maximumAge, now: .seconds(now)))
  }

  private mutating func hold(at now: Int) {
    #expect(need(now) == [.authenticate])
    #expect(machine.handle(.granted(now: .seconds(now))) == [.use(number: 1), .wake])
  }

  @Test mutating func manyCallersOneAuthenticate() {
    #expect(need(0) == [.authenticate])
    for _ in 0..<3 { #expect(need(0) == [.wait]) }
    #expect(machine.handle(.granted(now: .zero)) == [.use(number: 1), .wake])
    #expect(need(1000) == [.use(number: 1)], "a call goes by what the server says of it")
  }

  @Test mutating func anOldTokenIsReplacedBeforeAStream() {
    hold(at: 0)
    #expect(need(60, maximumAge: .seconds(60)) == [.use(number: 1)])
    #expect(need(61, maximumAge: .seconds(60)) == [.authenticate])
    #expect(need(61, maximumAge: .seconds(60)) == [.wait], "a stream waits for the new one")
    #expect(need(61) == [.use(number: 1)], "a call does not wait for a member that may hang")
    #expect(machine.handle(.granted(now: .seconds(61))) == [.use(number: 2), .wake])
    #expect(need(100, maximumAge: .seconds(60)) == [.use(number: 2)])
  }

  @Test(arguments: [true, false])
  mutating func aTokenThatCouldNotBeReplacedIsKept(isRejected: Bool) {
    hold(at: 0)
    #expect(need(61, maximumAge: .seconds(60)) == [.authenticate])
    if isRejected { #expect(machine.handle(.rejected(number: 1)) == []) }
    let away = CallFailure(.unavailable, "away", progress: .unknown)
    #expect(machine.handle(.failed(away, now: .seconds(62), jitter: 1)) == [.wake, .fail(away)])
    #expect(need(63) == (isRejected ? [.authenticate] : [.use(number: 1)]))
  }

  @Test mutating func aRejectedTokenIsThrownAwayOnce() {
    hold(at: 0)
    #expect(machine.handle(.rejected(number: 1)) == [])
    #expect(need(1) == [.authenticate])
    #expect(machine.handle(.rejected(number: 1)) == [], "late: a new one is on its way")
    #expect(machine.handle(.granted(now: .seconds(1))) == [.use(number: 2), .wake])
    #expect(machine.handle(.rejected(number: 1)) == [], "later still")
    #expect(need(2) == [.use(number: 2)])
  }

  @Test mutating func withoutAuthenticationUntilTheServerWantsIt() {
    #expect(need(0) == [.authenticate])
    #expect(machine.handle(.notEnabled) == [.use(number: 1), .wake])
    #expect(need(1000, maximumAge: .seconds(60)) == [.use(number: 1)])
    _ = machine.handle(.rejected(number: 1))
    #expect(need(1001) == [.authenticate])
  }

  @Test mutating func aRefusalHoldsForAWhile() {
    #expect(need(0) == [.authenticate])
    #expect(need(0) == [.wait])
    #expect(machine.handle(.failed(Self.wrong, now: .zero, jitter: 1)) == [.wake, .fail(Self.wrong)])
    #expect(need(0) == [.fail(Self.wrong)], "those that waited do not ask again")
    var waits: [Duration] = []
    var now = Duration.zero
    for _ in 0..<8 {
      let before = now
      while machine.handle(.needed(maximumAge: nil, now: now)) != [.authenticate] { now += .milliseconds(100) }
      waits.append(now - before)
      _ = machine.handle(.failed(Self.wrong, now: now, jitter: 1))
    }
    #expect(waits.first == .milliseconds(200) && waits.last == .seconds(5), "\(waits)")
  }

  @Test mutating func anOutageIsTriedByTheOthers() {
    let away = CallFailure(.unavailable, "away", progress: .unknown)
    for failure in [away, CallFailure(.deadlineExceeded, "", progress: .unknown)] {
      #expect(need(0) == [.authenticate])
      #expect(machine.handle(.failed(failure, now: .zero, jitter: 1)) == [.wake, .fail(failure)])
    }
    #expect(need(0) == [.authenticate])
    #expect(machine.handle(.abandoned) == [.wake])
    #expect(need(0) == [.authenticate])
  }

  @Test(arguments: [
    (CallFailure(.unauthenticated, "etcdserver: invalid auth token", progress: .answered), true),
    (CallFailure(.invalidArgument, "etcdserver: revision of auth store is old", progress: .answered), true),
    (CallFailure(.invalidArgument, "etcdserver: user name is empty", progress: .answered), true),
    (CallFailure(.unauthenticated, "etcdserver: invalid auth token", progress: .unknown), false),
    (CallFailure(.permissionDenied, "etcdserver: permission denied", progress: .answered), false),
    (AuthenticationMachineTests.wrong, false),
  ]) func whatANewTokenMayHeal(_ row: (failure: CallFailure, heals: Bool)) {
    #expect(row.failure.wantsToken == row.heals)
    for kind in RetryMachine.Kind.allCases {
      var machine = RetryMachine(kind, timeout: .seconds(5), endpoints: 1, renewsToken: true)
      _ = machine.handle(.start(now: .zero))
      for _ in 0..<3 {
        let actions = machine.handle(.failed(row.failure, now: .seconds(1)))
        #expect((actions == [.keepEndpoint, .renewToken, .attempt(within: .seconds(4))]) == row.heals)
      }
      guard row.heals, case .fail(let error)? = machine.handle(.failed(row.failure, now: .seconds(1))).last else {
        if row.heals { Issue.record("it is tried for ever") }
        continue
      }
      #expect(error.code == .unauthenticated && error.outcome == (kind == .read ? nil : .refused))
    }
    var machine = RetryMachine(.read, timeout: .seconds(5), endpoints: 1)
    _ = machine.handle(.start(now: .zero))
    let actions = machine.handle(.failed(row.failure, now: .seconds(1)))
    #expect(!actions.contains(.renewToken), "there is nothing to renew it with")
  }
}
