import HoldfastCore
import HoldfastEtcdMachines
import Testing

@Suite struct RetryMachineTests {
  typealias Kind = RetryMachine.Kind

  private static let away = CallFailure(.unavailable, "away", progress: .notProcessed)
  private static let lost = CallFailure(.unavailable, "lost", progress: .unknown)

  private func started(_ kind: Kind, endpoints: Int = 1) -> RetryMachine {
    var machine = RetryMachine(kind, timeout: .seconds(5), endpoints: endpoints)
    _ = machine.handle(.start(now: .seconds(100)))
    return machine
  }

  private func outcome(_ actions: [RetryMachine.Action]) -> HoldfastError.Outcome? {
    guard case .fail(let error)? = actions.last else { return nil }
    return error.outcome
  }

  struct Row: Sendable {
    var kind: Kind
    var failure: CallFailure
    /// Nil: it is tried again.
    var ends: HoldfastError.Code?
    var outcome: HoldfastError.Outcome?
  }

  static let rows: [Row] = [
    Row(kind: .read, failure: away),
    Row(kind: .read, failure: lost),
    Row(kind: .read, failure: CallFailure(.unavailable, "etcdserver: no leader", progress: .answered)),
    Row(kind: .read, failure: CallFailure(.cancelled, "", progress: .answered)),
    Row(kind: .read, failure: CallFailure(.deadlineExceeded, "", progress: .unknown)),
    Row(kind: .read, failure: CallFailure(.cancelled, "", progress: .unknown), ends: .cancelled),
    Row(
      kind: .read,
      failure: CallFailure(.outOfRange, "etcdserver: mvcc: required revision has been compacted", progress: .answered),
      ends: .compacted),
    Row(kind: .read, failure: CallFailure(.unknown, "?", progress: .answered), ends: .internal),
    // What answers here is no etcd, so another endpoint may be.
    Row(kind: .read, failure: CallFailure(.unknown, "HTTP 500", progress: .unknown)),
    Row(kind: .read, failure: CallFailure(.permissionDenied, "HTTP 403", progress: .unknown)),
    Row(
      kind: .read, failure: CallFailure(.permissionDenied, "etcdserver: permission denied", progress: .answered),
      ends: .permissionDenied),
    Row(
      kind: .write, failure: CallFailure(.unimplemented, "HTTP 404", progress: .unknown), ends: .unimplemented,
      outcome: .unknown),
    Row(kind: .write, failure: away),
    Row(kind: .write, failure: lost, ends: .unavailable, outcome: .unknown),
    Row(
      kind: .write, failure: CallFailure(.unavailable, "etcdserver: leader changed", progress: .answered),
      ends: .unavailable, outcome: .unknown),
    Row(
      kind: .write, failure: CallFailure(.cancelled, "", progress: .answered), ends: .unavailable, outcome: .unknown),
    Row(
      kind: .write, failure: CallFailure(.deadlineExceeded, "", progress: .answered), ends: .timeout,
      outcome: .unknown),
    Row(
      kind: .write, failure: CallFailure(.cancelled, "", progress: .notProcessed), ends: .cancelled, outcome: .refused),
    Row(kind: .write, failure: CallFailure(.cancelled, "", progress: .unknown), ends: .cancelled, outcome: .unknown),
    Row(
      kind: .write,
      failure: CallFailure(.invalidArgument, "etcdserver: duplicate key given in txn request", progress: .answered),
      ends: .duplicateKey, outcome: .refused),
    Row(
      kind: .write,
      failure: CallFailure(.resourceExhausted, "etcdserver: mvcc: database space exceeded", progress: .answered),
      ends: .resourceExhausted, outcome: .refused),
    Row(kind: .repeatableWrite, failure: lost),
  ]

  @Test(arguments: rows) func firstFailure(_ row: Row) {
    var machine = started(row.kind)
    let actions = machine.handle(.failed(row.failure, now: .seconds(101)))
    guard let code = row.ends else {
      #expect(actions == [.leaveEndpoint(resumes: true)])
      return
    }
    guard case .fail(let error)? = actions.last else {
      Issue.record("it goes on: \(actions)")
      return
    }
    #expect(error.code == code)
    #expect(error.outcome == row.outcome)
  }

  @Test(arguments: Kind.allCases) func theDeadlineEndsRetries(_ kind: Kind) {
    var machine = started(kind)
    #expect(machine.handle(.failed(Self.away, now: .seconds(101))) == [.leaveEndpoint(resumes: true)])
    #expect(machine.handle(.mayResume(after: .seconds(1), now: .seconds(101))) == [.wait(.seconds(1))])
    #expect(machine.handle(.waited(now: .seconds(102))) == [.attempt(within: .seconds(3))])
    #expect(machine.handle(.failed(Self.away, now: .seconds(104))) == [.leaveEndpoint(resumes: true)])
    let actions = machine.handle(.mayResume(after: .seconds(1), now: .seconds(104)))
    #expect(outcome(actions) == (kind == .read ? nil : .refused))
    guard case .fail(let error)? = actions.first else {
      Issue.record("it goes on: \(actions)")
      return
    }
    #expect(error.code == .unavailable)
  }

  @Test func anotherEndpointIsTriedAtOnce() {
    var machine = started(.read, endpoints: 2)
    _ = machine.handle(.failed(Self.lost, now: .seconds(101)))
    #expect(machine.handle(.mayResume(after: .zero, now: .seconds(101))) == [.attempt(within: .seconds(4))])
  }

  @Test func aHungMemberDoesNotUseUpTheTimeOfARead() {
    for (kind, endpoints, milliseconds) in [
      (Kind.read, 1, 5000), (.read, 3, 2500), (.write, 3, 5000), (.repeatableWrite, 3, 5000),
    ] {
      var machine = RetryMachine(kind, timeout: .seconds(5), endpoints: endpoints)
      #expect(machine.handle(.start(now: .zero)) == [.attempt(within: .milliseconds(milliseconds))])
    }
  }

  @Test func twoHungMembersLeaveTimeForTheThird() {
    var machine = RetryMachine(.read, timeout: .seconds(8), endpoints: 3)
    #expect(machine.handle(.start(now: .zero)) == [.attempt(within: .seconds(4))])
    let late = CallFailure(.deadlineExceeded, "", progress: .unknown)
    _ = machine.handle(.failed(late, now: .seconds(4)))
    #expect(machine.handle(.mayResume(after: .zero, now: .seconds(4))) == [.attempt(within: .seconds(2))])
    _ = machine.handle(.failed(late, now: .seconds(6)))
    #expect(machine.handle(.mayResume(after: .zero, now: .seconds(6))) == [.attempt(within: .seconds(2))])
  }

  @Test func aRepeatableWriteThatMayHaveBeenAppliedNeverBecomesRefused() {
    var machine = started(.repeatableWrite)
    _ = machine.handle(.failed(Self.lost, now: .seconds(101)))
    _ = machine.handle(.mayResume(after: .zero, now: .seconds(101)))
    _ = machine.handle(.failed(Self.away, now: .seconds(102)))
    #expect(outcome(machine.handle(.mayResume(after: .seconds(9), now: .seconds(102)))) == .unknown)
  }

  @Test func cancellationWhileWaitingIsRefused() {
    var machine = started(.write)
    _ = machine.handle(.failed(Self.away, now: .seconds(101)))
    _ = machine.handle(.mayResume(after: .seconds(1), now: .seconds(101)))
    let actions = machine.handle(.cancelled)
    #expect(outcome(actions) == .refused)
    guard case .fail(let error)? = actions.first else { return }
    #expect(error.code == .cancelled)
  }

  @Test func anErrorOfTheRequestKeepsTheEndpoint() {
    var machine = started(.read)
    let failure = CallFailure(.permissionDenied, "etcdserver: permission denied", progress: .answered)
    #expect(machine.handle(.failed(failure, now: .seconds(101))).first == .keepEndpoint)
  }
}
