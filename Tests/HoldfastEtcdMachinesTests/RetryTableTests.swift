import HoldfastCore
import HoldfastEtcdMachines
import Testing

/// The table (method × code × when it failed), row by row.
@Suite struct RetryTableTests {
  typealias Decision = RetryTable.Decision

  struct Case: Sendable, CustomTestStringConvertible {
    var row: String
    var failures: [CallFailure]
    /// For reads, writes, and writes of which a second application is recognised.
    var decisions: [Decision]
    var outcome: HoldfastError.Outcome
    var testDescription: String { row }

    init(_ row: String, _ decisions: [Decision], _ outcome: HoldfastError.Outcome, _ failures: [CallFailure]) {
      self.row = row
      self.decisions = decisions
      self.outcome = outcome
      self.failures = failures
    }
  }

  private static func answered(_ status: StatusCode, _ messages: String...) -> [CallFailure] {
    messages.map { CallFailure(status, $0, progress: .answered) }
  }

  private static func all(_ progress: CallFailure.Progress, _ statuses: StatusCode...) -> [CallFailure] {
    statuses.map { CallFailure($0, "", progress: progress) }
  }

  static let cases: [Case] = [
    Case(
      "cancelled before it was sent", [.giveUp, .giveUp, .giveUp], .refused, all(.notProcessed, .cancelled)),
    Case("cancelled after it was sent", [.giveUp, .giveUp, .giveUp], .unknown, all(.unknown, .cancelled)),
    Case(
      "not processed", [.rotate, .rotate, .rotate], .refused,
      all(.notProcessed, .unavailable, .deadlineExceeded, .internal, .aborted, .ok)),
    Case(
      "not sendable", [.giveUp, .giveUp, .giveUp], .refused,
      all(
        .notProcessed, .unknown, .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .resourceExhausted,
        .failedPrecondition, .outOfRange, .unimplemented, .dataLoss, .unauthenticated)),
    Case(
      "turned away by a member", [.rotate, .rotate, .rotate], .refused,
      answered(.unavailable, "etcdserver: no leader", "etcdserver: rpc not supported for learner")
        + answered(.failedPrecondition, "etcdserver: rpc not supported for learner")
        + answered(.unknown, "raft proposal dropped")),
    Case(
      "refused", [.giveUp, .giveUp, .giveUp], .refused,
      all(
        .answered, .invalidArgument, .outOfRange, .notFound, .failedPrecondition, .permissionDenied, .unauthenticated,
        .alreadyExists, .unimplemented)
        + answered(
          .resourceExhausted, "etcdserver: mvcc: database space exceeded", "etcdserver: too many requests",
          "grpc: received message larger than max (3 vs. 2)")
        + answered(.unavailable, "etcdserver: unhealthy cluster", "etcdserver: not capable")
        + answered(
          .failedPrecondition, "etcdserver: re-configuration failed due to not enough started members",
          "etcdserver: Peer URLs already exists", "etcdserver: not leader")),
    Case(
      "not served", [.rotate, .leave, .rotate], .unknown,
      all(.answered, .unavailable, .cancelled, .deadlineExceeded, .aborted, .internal, .ok)
        + answered(
          .unavailable, "etcdserver: leader changed", "etcdserver: request timed out", "etcdserver: server stopped",
          "etcdserver: request timed out, possibly due to previous leader failure")),
    Case(
      "answered otherwise", [.giveUp, .giveUp, .giveUp], .unknown,
      all(.answered, .unknown, .resourceExhausted, .dataLoss)
        + answered(.resourceExhausted, "grpc: trying to send message larger than max (3 vs. 2)")
        + answered(.dataLoss, "etcdserver: corrupt cluster")),
    Case(
      "answer lost", [.rotate, .leave, .rotate], .unknown,
      all(
        .unknown, .unavailable, .deadlineExceeded, .internal, .aborted, .ok, .unknown, .unimplemented,
        .unauthenticated, .permissionDenied)),
    Case(
      "answer not usable", [.giveUp, .giveUp, .giveUp], .unknown,
      all(
        .unknown, .resourceExhausted, .invalidArgument, .notFound, .alreadyExists, .failedPrecondition, .outOfRange,
        .dataLoss)),
  ]

  @Test(arguments: cases) func eachRow(_ row: Case) {
    for failure in row.failures {
      let found = RetryTable.row(for: failure)
      #expect(found.name == row.row, "\(failure)")
      #expect(found.outcome == row.outcome, "\(failure)")
      let kinds: [RetryMachine.Kind] = [.read, .write, .repeatableWrite]
      #expect(kinds.map { found.decision(for: $0) } == row.decisions, "\(failure)")
    }
  }

  @Test func everyRowHasItsCase() {
    #expect(RetryTable.rows.map(\.name) == Self.cases.map(\.row))
  }

  /// The point of the table.
  @Test func aWriteIsRepeatedOnlyWhenItWasRefused() {
    let messages =
      EtcdErrorTableTests.answered.map(\.message) + [
        "", "raft proposal dropped", "etcdserver: no leader", "etcdserver: rpc not supported for learner",
      ]
    var rotated = 0
    for progress in CallFailure.Progress.allCases {
      for status in StatusCode.allCases {
        for message in messages {
          let row = RetryTable.row(for: CallFailure(status, message, progress: progress))
          guard row.write == .rotate else { continue }
          rotated += 1
          #expect(row.outcome == .refused, "\(progress) \(status) \(message)")
          #expect(progress != .unknown, "\(progress) \(status) \(message)")
        }
      }
    }
    #expect(rotated > 0)
  }
}
