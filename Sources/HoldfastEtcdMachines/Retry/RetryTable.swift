package import HoldfastCore

/// What a failed call calls for, and what it says about a write: every failure falls into one row, by how far the request came
/// and what was answered. The catalogue shows the same table to users.
package enum RetryTable {
  package enum Decision: Sendable, CaseIterable {
    /// The failure is the answer. The endpoint serves.
    case giveUp
    /// The failure is the answer. The endpoint does not serve: the next call goes to another one.
    case leave
    /// Try again at the next endpoint.
    case rotate
  }

  package struct Row: Sendable {
    package var name: String
    package var outcome: HoldfastError.Outcome
    package var read: Decision
    package var write: Decision
    package var repeatableWrite: Decision
    private let matches: @Sendable (CallFailure) -> Bool

    fileprivate init(
      _ name: String, _ outcome: HoldfastError.Outcome, read: Decision, write: Decision, repeatable: Decision,
      _ matches: @escaping @Sendable (CallFailure) -> Bool
    ) {
      self.name = name
      self.outcome = outcome
      self.read = read
      self.write = write
      repeatableWrite = repeatable
      self.matches = matches
    }

    package func decision(for kind: RetryMachine.Kind) -> Decision {
      switch kind {
      case .read: read
      case .write: write
      case .repeatableWrite: repeatableWrite
      }
    }

    fileprivate func covers(_ failure: CallFailure) -> Bool { matches(failure) }
  }

  package static func row(for failure: CallFailure) -> Row { rows.first { $0.covers(failure) } ?? fallback }

  /// The first row that matches counts.
  package static let rows: [Row] = [
    // The caller's own cancellation: nobody waits for another attempt.
    Row("cancelled before it was sent", .refused, read: .giveUp, write: .giveUp, repeatable: .giveUp) {
      $0.code == .cancelled && $0.progress == .notProcessed
    },
    Row("cancelled after it was sent", .unknown, read: .giveUp, write: .giveUp, repeatable: .giveUp) {
      $0.code == .cancelled
    },

    // Nobody looked at it: no connection, GOAWAY, a refused stream.
    Row("not processed", .refused, read: .rotate, write: .rotate, repeatable: .rotate) {
      $0.progress == .notProcessed && blamesEndpoint($0.code) && $0.status != .unknown
    },
    Row("not sendable", .refused, read: .giveUp, write: .giveUp, repeatable: .giveUp) { $0.progress == .notProcessed },

    // The member answered before it proposed anything, and another one may serve.
    Row("turned away by a member", .refused, read: .rotate, write: .rotate, repeatable: .rotate) {
      $0.progress == .answered && isTurnedAway($0)
    },
    // The member answered, and so would any other one.
    Row("refused", .refused, read: .giveUp, write: .giveUp, repeatable: .giveUp) {
      $0.progress == .answered && isRefusal($0)
    },
    // It answered what leaves open whether the write is in its log.
    Row("not served", .unknown, read: .rotate, write: .leave, repeatable: .rotate) {
      $0.progress == .answered && blamesEndpoint($0.code) && $0.status != .unknown
    },
    Row("answered otherwise", .unknown, read: .giveUp, write: .giveUp, repeatable: .giveUp) {
      $0.progress == .answered
    },

    // Sent, and no answer of a member: a lost connection, a passed deadline, a reset stream, a proxy's page.
    Row("answer lost", .unknown, read: .rotate, write: .leave, repeatable: .rotate) {
      $0.isForeign || blamesEndpoint($0.code) && $0.status != .unknown
    },
    fallback,
  ]

  /// An answer that was larger than we accept, a stream that the server found too busy: asking again gives the same.
  private static let fallback = Row(
    "answer not usable", .unknown, read: .giveUp, write: .giveUp, repeatable: .giveUp
  ) { _ in true }

  /// Failures that another member, or the same one later, may not have.
  private static func blamesEndpoint(_ code: HoldfastError.Code) -> Bool {
    code == .unavailable || code == .timeout || code == .internal || code == .protocolViolation || code == .tlsFailed
  }

  /// A learner, a member without a leader (asked to refuse then, by `hasleader`), and a leader that hands over: each says so
  /// before the request reaches the log.
  private static func isTurnedAway(_ failure: CallFailure) -> Bool {
    switch failure.message {
    case "etcdserver: rpc not supported for learner", "raft proposal dropped": true
    case "etcdserver: no leader": !failure.mayBeForwarded
    default: false
    }
  }

  private static func isRefusal(_ failure: CallFailure) -> Bool {
    switch failure.status {
    case .invalidArgument, .outOfRange, .notFound, .failedPrecondition, .permissionDenied, .unauthenticated,
      .alreadyExists, .unimplemented:
      return true
    // Two things in one code: the server had no room for the request, or the answer was too large to be sent.
    case .resourceExhausted:
      return failure.message == "etcdserver: mvcc: database space exceeded"
        || failure.message == "etcdserver: too many requests" || EtcdErrorTable.isTooLargeForServer(failure.message)
    // Too few members of the cluster are well to change it: said before anything is proposed.
    case .unavailable: return failure.message == "etcdserver: unhealthy cluster" || failure.code == .unimplemented
    case .ok, .cancelled, .unknown, .deadlineExceeded, .aborted, .internal, .dataLoss: return false
    }
  }
}

extension CallFailure {
  /// Whether it says that the member, or the connection to it, does not serve. A refusal does not, nor does the caller's own
  /// cancellation.
  package var blamesMember: Bool { RetryTable.row(for: self).read != .giveUp }
}
