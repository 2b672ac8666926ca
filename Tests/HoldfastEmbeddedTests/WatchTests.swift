import HoldfastCore
import HoldfastEmbedded
import Testing

/// What the engine promises beyond etcd: batches, progress, cancellation, compaction under a watch.
@Suite struct WatchTests {
  private let engine = EmbeddedEngine()

  @discardableResult
  private func put(_ key: Key, _ value: [UInt8] = []) async throws -> Revision {
    try await engine.put(PutRequest(key: key, value: value)).header.revision
  }

  private func watch(_ range: KeyRange, from start: Revision? = nil) -> WatchUpdates.Iterator {
    engine.watch(WatchRequest(range, from: start)).makeAsyncIterator()
  }

  @Test func catchesUpInBatchesWithTheStoresRevision() async throws {
    for index in 0..<2_500 { try await put("a", [UInt8(index % 256)]) }
    var updates = watch(.all, from: 2)
    #expect(try await updates.next() == .started(engine.status().header))
    var sizes: [Int] = []
    var next: Revision = 2
    while sizes.reduce(0, +) < 2_500, case .batch(let batch) = try await updates.next() {
      #expect(batch.header.revision == 2_501)
      #expect(batch.events.first?.modRevision == next)
      sizes.append(batch.events.count)
      next = try #require(batch.events.last).modRevision.next
    }
    #expect(sizes == [1_000, 1_000, 500])
  }

  @Test func reportsProgressOverWhatDoesNotConcernIt() async throws {
    var updates = watch(.prefix("a/"))
    _ = try await updates.next()
    try await put("b")
    let revision = try await put("b")
    #expect(try await updates.next() == .progress(WatchProgress(revision: revision, isOrdered: true)))
    let concerned = try await put("a/1")
    let after = try await put("b")
    guard case .batch(let batch) = try await updates.next() else { return #expect(Bool(false), "no batch") }
    #expect(batch.events.map(\.modRevision) == [concerned])
    #expect(try await updates.next() == .progress(WatchProgress(revision: after, isOrdered: true)))
  }

  @Test func hasNoProgressBeforeAFutureStartOrUnasked() async throws {
    var future = watch(.prefix("a/"), from: 4)
    var request = WatchRequest(.prefix("a/"))
    request.progress = false
    var silent = engine.watch(request).makeAsyncIterator()
    _ = try await future.next()
    _ = try await silent.next()
    for key in ["b", "b", "b", "a/1"] as [Key] { try await put(key) }
    guard case .batch(let batch) = try await future.next(), case .batch(let other) = try await silent.next() else {
      return #expect(Bool(false), "no batch")
    }
    #expect(batch.events == other.events)
    #expect(batch.events.map(\.modRevision) == [5])
  }

  @Test func waitingConsumersAreWoken() async throws {
    let engine = engine
    try await withThrowingTaskGroup(of: [Key].self) { group in
      for _ in 0..<20 {
        var updates = watch(.all)
        _ = try await updates.next()
        let standing = updates
        group.addTask {
          var updates = standing
          var keys: [Key] = []
          while keys.count < 50, let update = try await updates.next() {
            if case .batch(let batch) = update { keys += batch.events.map(\.key) }
          }
          return keys
        }
      }
      let keys = (0..<50).map { Key("\($0)") }
      for key in keys { _ = try await engine.put(PutRequest(key: key, value: [])) }
      for try await seen in group { #expect(seen == keys) }
    }
  }

  @Test func cancellationEndsAWaitingWatch() async throws {
    let engine = engine
    for _ in 0..<100 {
      let task = Task {
        var updates = engine.watch(WatchRequest(.all)).makeAsyncIterator()
        _ = try await updates.next()
        return try await updates.next()
      }
      await Task.yield()
      task.cancel()
      #expect(try await task.value == nil)
    }
  }

  @Test func compactionOvertakesAnUnfinishedCatchUp() async throws {
    for _ in 0..<1_500 { try await put("a") }
    var updates = watch(.all, from: 2)
    _ = try await updates.next()
    _ = try await updates.next()
    _ = try await engine.compact(CompactRequest(1_200))
    for _ in 0..<2 {
      let error = await #expect(throws: HoldfastError.self) { try await updates.next() }
      #expect(error?.code == .compacted)
      #expect(error?.compactRevision == 1_200)
      #expect(error?.revision == 1_501)
    }
  }

  @Test func compactionSparesAWatchThatMissedNothing() async throws {
    var updates = watch(.key("a"))
    _ = try await updates.next()
    for _ in 0..<10 { try await put("b") }
    let revision = try await put("b")
    _ = try await engine.compact(CompactRequest(revision))
    #expect(try await updates.next() == .progress(WatchProgress(revision: revision, isOrdered: true)))
  }

  @Test func aDeleteAtTheCompactRevisionIsStillSeen() async throws {
    try await put("a")
    let deleted = try await engine.deleteRange(DeleteRangeRequest(.key("a"))).header.revision
    _ = try await engine.compact(CompactRequest(deleted))
    var updates = watch(.all, from: deleted)
    _ = try await updates.next()
    guard case .batch(let batch) = try await updates.next() else { return #expect(Bool(false), "no batch") }
    #expect(batch.events == [.delete("a", at: deleted)])
  }
}
