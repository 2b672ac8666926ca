import Holdfast

/// Takes jobs from a queue until it is cancelled. It polls its caches, never the store; the store is asked only to claim a
/// job and to finish it, and both are guarded by the revision that was read.
struct Worker: Sendable {
  let id: String
  let queue: WorkQueue
  let options: WorkQueueOptions
  let statistics: Statistics
  let fuse: Fuse

  func run(_ store: Store) async throws {
    try await store.withCache(of: queue.jobs) { jobs in
      try await store.withCache(of: queue.workers) { workers in
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await keepPresent(store) }
          group.addTask { try await work(store, jobs, workers) }
          defer { group.cancelAll() }
          try await group.next()
        }
      }
    }
  }

  /// Keeps this worker's presence in the store, whatever happens to its lease.
  private func keepPresent(_ store: Store) async throws {
    while true {
      do {
        let presence = queue.workers.put(Presence(worker: id)).ttl(options.presenceTTL)
        let stored = try await store.execute(presence)
        guard let lease = stored.lease, let granted = stored.leaseTTL else { continue }
        while true {
          try await Task.sleep(for: granted / 3)
          _ = try await store.backend.keepLeaseAlive(lease)
        }
      } catch {
        try await survive(error)
      }
    }
  }

  private func work(_ store: Store, _ jobs: Cache<Job>, _ workers: Cache<Presence>) async throws {
    while true {
      try Task.checkCancellation()
      let waiting = try statistics.measureRead { try jobs.list() }
      guard let job = try choose(from: waiting, workers) else {
        try await Task.sleep(for: options.pollInterval)
        continue
      }
      do {
        let mine = try await claim(job, store)
        try await Task.sleep(for: options.workTime)
        try await finish(mine, store)
      } catch let error as HoldfastError where error.code == .revisionMismatch {
        // Somebody else was faster. The cache will show it.
        statistics.note(\.conflicts)
        try await Task.sleep(for: options.pollInterval)
      } catch {
        try await survive(error)
      }
    }
  }

  /// A job that waits, that is ours (a claim whose answer was lost), or whose owner is gone. A random one of the first few, so
  /// that workers seldom want the same.
  private func choose(from listing: Listing<Job>, _ workers: Cache<Presence>) throws -> Stored<Job>? {
    var candidates: [Stored<Job>] = []
    for job in listing where candidates.count < 8 {
      guard let owner = job.value.owner else {
        candidates.append(job)
        continue
      }
      if try owner == id || !workers.exists(owner) { candidates.append(job) }
    }
    return candidates.randomElement()
  }

  private func claim(_ job: Stored<Job>, _ store: Store) async throws -> Stored<Job> {
    if job.value.owner == id { return job }
    let worker = id
    let claim = queue.jobs.update(job) { $0.owner = worker }
    let mine = try await fuse.guarding(.claim) { try await store.execute(claim) }
    try fuse.check(.claimed)
    return mine
  }

  private func finish(_ mine: Stored<Job>, _ store: Store) async throws {
    let record = AuditRecord(job: mine.value.id, attempt: "\(id)-\(mine.modRevision)", worker: id)
    let (delete, audit) = (queue.jobs.delete(mine), queue.audit.create(record))
    _ = try await fuse.guarding(.finish) { try await store.transaction(delete, audit) }
  }

  /// A store that is away is no reason to stop: what became of a write will be seen in the cache.
  private func survive(_ error: any Error) async throws {
    try Task.checkCancellation()
    if error is CancellationError { throw error }
    statistics.note(\.errors)
    try await Task.sleep(for: .milliseconds(50))
  }
}
