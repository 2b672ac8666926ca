import Holdfast

/// One thing that is measured.
struct BenchMeasurement: Sendable {
  /// As JSON names it.
  let name: String
  let title: String
  /// How often it is done for one sample. What takes less time than to look at the clock is done more than once.
  var operationsPerSample = 1
  var writes = false
  /// Does it once (or so many times) and says how long it took.
  let sample: @Sendable (_ ordinal: Int) async throws -> Duration

  /// From memory and from the store, with the same guarantee and without.
  static func reads(_ plan: BenchPlan, _ cache: Cache<RawValue>) -> [BenchMeasurement] {
    let (store, keyspace) = (cache.store, plan.keyspace)
    let batch = 100
    return [
      BenchMeasurement(name: "memoryGet", title: "get, from memory", operationsPerSample: batch) { ordinal in
        let first = ordinal * batch
        let start = ContinuousClock.now
        for index in first..<first + batch { try plan.check(try cache.get(plan.name(index)), index) }
        return ContinuousClock.now - start
      },
      BenchMeasurement(name: "storeGet", title: "get, from the store") { ordinal in
        let start = ContinuousClock.now
        try plan.check(try await store.execute(keyspace.get(plan.name(ordinal))), ordinal)
        return ContinuousClock.now - start
      },
      BenchMeasurement(name: "memoryList", title: "list, from memory") { _ in
        let start = ContinuousClock.now
        try plan.check(try cache.list())
        return ContinuousClock.now - start
      },
      BenchMeasurement(name: "linearizableList", title: "list, from memory, linearizable") { _ in
        let start = ContinuousClock.now
        try plan.check(try await cache.snapshot(.linearizable).list())
        return ContinuousClock.now - start
      },
      BenchMeasurement(name: "storeList", title: "list, from the store") { _ in
        let start = ContinuousClock.now
        try plan.check(try await store.execute(keyspace.list()))
        return ContinuousClock.now - start
      },
    ]
  }

  /// A write until the same process can read it from memory.
  static func writeThrough(_ plan: BenchPlan, _ cache: Cache<RawValue>) -> BenchMeasurement {
    BenchMeasurement(name: "put", title: "put, until it is in memory", writes: true) { ordinal in
      let value = RawValue(key: plan.name(ordinal), bytes: plan.value)
      return try await uncancelled(for: plan.grace) {
        let start = ContinuousClock.now
        let stored = try await cache.put(value)
        let read = try cache.get(value.key)
        let elapsed = ContinuousClock.now - start
        try plan.check(read, ordinal)
        guard let read, read.modRevision >= stored.modRevision else {
          throw HoldfastError(.internal, "memory does not show a write that has returned", key: stored.storeKey)
        }
        return elapsed
      }
    }
  }

  /// From the acknowledgement of a write until another process could read it from memory.
  static func watchLag(_ plan: BenchPlan, from store: Store, to other: Cache<RawValue>) -> BenchMeasurement {
    BenchMeasurement(name: "watchLag", title: "put seen by another store", writes: true) { ordinal in
      let value = RawValue(key: plan.name(ordinal), bytes: plan.value)
      let (revision, acknowledged) = try await uncancelled(for: plan.grace) {
        let revision = try await store.commit(plan.keyspace.put(value)).revision
        return (revision, ContinuousClock.now)
      }
      let arrival = try await other.arrival(of: revision, timeout: .seconds(10))
      return max(.zero, arrival - acknowledged)
    }
  }
}

/// Whoever reads the wrong thing has measured nothing.
extension BenchPlan {
  fileprivate func check(_ read: Stored<RawValue>?, _ ordinal: Int) throws {
    guard let read, read.value.bytes.count == valueSize else {
      throw Self.disturbed(keyspace.storeKey(for: name(ordinal)))
    }
  }

  fileprivate func check(_ read: Listing<RawValue>) throws {
    guard read.count == keys else { throw Self.disturbed(keyspace.prefix) }
  }

  private static func disturbed(_ key: Key) -> HoldfastError {
    HoldfastError(.keyNotFound, "somebody else changed what is measured; nothing was learned", key: key)
  }
}
