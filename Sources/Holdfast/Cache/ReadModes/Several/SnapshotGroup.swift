/// Does what a ``CommonRevision`` says, for the caches of one reader.
struct SnapshotGroup: Sendable {
  let seats: [any SnapshotParticipant]
  let time: TimeSource
  private let check: @Sendable ([CacheMark]) throws -> Void

  /// - Parameter check: Looks at the marks that an attempt begins with.
  init(
    _ seats: [any SnapshotParticipant], _ time: TimeSource, check: @escaping @Sendable ([CacheMark]) throws -> Void
  ) {
    (self.seats, self.time, self.check) = (seats, time, check)
  }

  private func begin(_ machine: inout CommonRevision) throws -> [CommonRevision.Action] {
    let marks = try seats.map { try $0.mark() }
    try check(marks)
    return machine.handle(.begin(marks))
  }

  /// Takes what memory shows, if that is of one revision.
  func takeAtOnce(_ machine: inout CommonRevision) throws -> Revision? {
    for action in try begin(&machine) {
      guard case .take(let seat, let revision) = action,
        case .shown(let mark, let isProven) = try seats[seat].look(at: revision)
      else { return nil }
      for next in machine.handle(.shown(seat, mark, isProven: isProven)) {
        if case .agreed(let revision) = next { return revision }
      }
    }
    return nil
  }

  /// Tries until it succeeds.
  func take(_ machine: CommonRevision) async throws -> Revision {
    var machine = machine
    var pause = Duration.milliseconds(1)
    while true {
      var actions = try begin(&machine)
      attempt: while true {
        switch actions.first {
        case .agreed(let revision): return revision
        case .future(let revision):
          throw HoldfastError(.futureRevision, "the store is at revision \(revision) only", revision: revision)
        case .ask, .take: actions = try await carryOut(actions, &machine)
        case .again, nil: break attempt
        }
      }
      try await time.sleep(time.now() + pause)
      pause = min(pause * 2, .milliseconds(100))
    }
  }

  /// All at the same time, until the machine wants something else.
  private func carryOut(
    _ actions: [CommonRevision.Action], _ machine: inout CommonRevision
  ) async throws -> [CommonRevision.Action] {
    try await withThrowingTaskGroup(of: CommonRevision.Input?.self) { group in
      for action in actions { group.addTask { try await self.carryOut(action) } }
      defer { group.cancelAll() }
      while let input = try await group.next() {
        let next = input.map { machine.handle($0) } ?? []
        if !next.isEmpty { return next }
      }
      return []
    }
  }

  private func carryOut(_ action: CommonRevision.Action) async throws -> CommonRevision.Input? {
    switch action {
    case .ask(let seat): return .answered(seat, try await seats[seat].ask())
    case .take(let seat, let revision):
      switch try await seats[seat].take(at: revision) {
      case .shown(let mark, let isProven): return .shown(seat, mark, isProven: isProven)
      case .lost: return .lost(seat)
      case .open: return nil
      }
    case .agreed, .future, .again: return nil
    }
  }

  /// Who is to blame.
  func notMet(after timeout: Duration) -> HoldfastError {
    let trouble = seats.lazy.compactMap(\.trouble).first
    return HoldfastError(
      .timeout, "after \(timeout) \(trouble?.text ?? "the caches have not met at one revision")",
      key: trouble?.prefix, cause: trouble?.cause)
  }
}
