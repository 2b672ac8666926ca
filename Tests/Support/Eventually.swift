/// Awaits a condition: asks again and again, quickly at first, until it holds or the limit has passed.
///
/// A condition that throws does not hold yet (a server that is coming up refuses connections); the last error is in
/// the failure. Cancellation ends the wait at once.
package func eventually(
  within limit: Duration = .seconds(10),
  _ expectation: String = "the condition holds",
  file: StaticString = #fileID,
  line: UInt = #line,
  _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let start = clock.now
  var pause = Duration.milliseconds(1)
  var lastError: (any Error)?
  repeat {
    do {
      if try await condition() { return }
      lastError = nil
    } catch let error as CancellationError {
      throw error
    } catch {
      lastError = error
    }
    try await clock.sleep(for: pause)
    pause = min(pause * 2, .milliseconds(50))
  } while clock.now - start < limit
  throw EventuallyTimeout(expectation: expectation, limit: limit, lastError: lastError, file: file, line: line)
}

/// What ``eventually(within:_:file:line:_:)`` throws when the condition did not hold in time.
package struct EventuallyTimeout: Error, CustomStringConvertible {
  package let expectation: String
  package let limit: Duration
  /// The error of the last attempt, if that one threw.
  package let lastError: (any Error)?
  package let file: StaticString
  package let line: UInt

  package var description: String {
    let cause = lastError.map { "; the last attempt threw \($0)" } ?? ""
    return "\(file):\(line): waited \(limit) in vain until \(expectation)\(cause)"
  }
}
