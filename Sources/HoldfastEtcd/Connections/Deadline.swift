import HoldfastCore

/// What came of an operation with a time limit. It is always waited for; `isLate` says that it was cancelled by the limit.
enum DeadlineOutcome<Value: Sendable>: Sendable {
  case finished(Value, isLate: Bool)
}

/// Runs the operation and cancels it when the time is up. It must heed cancellation.
func withDeadline<Value: Sendable>(
  _ limit: Duration, _ time: TimeSource, _ operation: @escaping @Sendable () async -> Value
) async -> DeadlineOutcome<Value> {
  let until = time.now() + limit
  return await withTaskGroup(of: Value?.self) { group in
    group.addTask { await operation() }
    group.addTask {
      try? await time.sleep(until)
      return nil
    }
    var isLate = false
    var value: Value?
    while let next = await group.next() {
      if let next { value = next } else if value == nil { isLate = true }
      group.cancelAll()
    }
    // The first task always returns one; without it there is nothing to do but run the operation here.
    if let value { return .finished(value, isLate: isLate) }
    return .finished(await operation(), isLate: isLate)
  }
}
