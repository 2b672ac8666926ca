import HoldfastCore

/// Runs the operation and cancels it when the time is up, which `isLate` then says. It must heed cancellation, and its value
/// is always waited for.
func withDeadline<Value: Sendable>(
  _ limit: Duration, _ time: TimeSource, _ operation: @escaping @Sendable () async -> Value
) async -> (value: Value, isLate: Bool) {
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
    if let value { return (value, isLate) }
    return (await operation(), isLate)
  }
}
