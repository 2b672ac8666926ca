import Holdfast

/// Creates jobs, as fast as the workers do them and no faster.
struct Producer: Sendable {
  let name: String
  let queue: WorkQueue
  let options: WorkQueueOptions
  let statistics: Statistics
  let ledger: Ledger

  /// Returns when the ledger gives out no more numbers.
  func run(_ store: Store) async throws {
    while let number = ledger.next() {
      let job = Job(id: "\(name)-\(number)", owner: nil, payload: String(repeating: "x", count: 120))
      try await create(job, store)
      while try await backlog(store) > options.backlog { try await Task.sleep(for: options.pollInterval) }
    }
  }

  private func backlog(_ store: Store) async throws -> Int {
    do {
      return try await store.execute(queue.jobs.count())
    } catch {
      try Task.checkCancellation()
      return .max
    }
  }

  /// A create whose outcome is unknown is tried again until it is known: the id is ours alone, so `alreadyExists` means that
  /// an earlier attempt was applied. (Or that it is done already: then its key is free again. A job is therefore looked for
  /// in the audit too.)
  private func create(_ job: Job, _ store: Store) async throws {
    var mayExist = false
    while true {
      do {
        let isDone = mayExist ? try await store.execute(queue.audit.count(prefix: job.id)) > 0 : false
        if !isDone {
          // Nobody may create a job that was done meanwhile: the condition is checked with the create.
          let undone = Condition.noneExists(in: .prefix(queue.audit.storeKey(for: job.id).asFolder))
          try await store.execute(queue.jobs.create(job).if(undone))
        }
        return ledger.acknowledge(job.id)
      } catch let error as HoldfastError
        where mayExist && (error.code == .alreadyExists || error.code == .constraintViolated)
      {
        return ledger.acknowledge(job.id)
      } catch {
        try Task.checkCancellation()
        mayExist = true
        statistics.note(\.errors)
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }
}
