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
    let (store, keyspace, names) = (cache.store, plan.keyspace, plan.names)
    let batch = 100
    return [
      BenchMeasurement(name: "memoryGet", title: "get, from memory", operationsPerSample: batch) { ordinal in
        var index = ordinal * batch % names.count
        var found = 0
        let start = ContinuousClock.now
        // As little as can be beside the reads themselves.
        for _ in 0..<batch {
          if try cache.get(names[index]) != nil { found += 1 }
          index += 1
          if index == names.count { index = 0 }
        }
        let elapsed = ContinuousClock.now - start
        guard found == batch else { throw plan.disturbed }
        return elapsed
      },
      BenchMeasurement(name: "storeGet", title: "get, from the store") { ordinal in
        let start = ContinuousClock.now
        try plan.check(try await store.execute(keyspace.get(plan.name(ordinal))))
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
        try plan.check(read)
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
  fileprivate func check(_ read: Stored<RawValue>?) throws {
    guard let read, read.value.bytes.count == valueSize else { throw disturbed }
  }

  fileprivate func check(_ read: Listing<RawValue>) throws {
    guard read.count == keys else { throw disturbed }
  }

  fileprivate var disturbed: HoldfastError {
    HoldfastError(
      .keyNotFound, "somebody else changed what is measured: give a --prefix that nobody else uses",
      key: keyspace.prefix)
  }
}
