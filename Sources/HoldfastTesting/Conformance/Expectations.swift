internal import HoldfastCore

/// Throws unless the condition holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String, file: String = #fileID, line: UInt = #line) throws
{
  if !condition { throw ConformanceFailure(message(), file: file, line: line) }
}

/// Throws unless both are equal.
func expectEqual<T: Equatable>(
  _ actual: T, _ expected: T, _ what: @autoclosure () -> String = "", file: String = #fileID, line: UInt = #line
) throws {
  if actual == expected { return }
  let subject = what()
  let prefix = subject.isEmpty ? "" : "\(subject): "
  throw ConformanceFailure("\(prefix)expected \(expected), got \(actual)", file: file, line: line)
}

/// The value, or an error when there is none.
func require<T>(
  _ value: T?, _ what: @autoclosure () -> String, file: String = #fileID, line: UInt = #line
) throws -> T {
  guard let value else { throw ConformanceFailure("\(what()): expected one, got none", file: file, line: line) }
  return value
}

/// Throws unless `body` fails with this code. For a write give the outcome too.
@discardableResult
func expectFailure<R>(
  _ code: HoldfastError.Code, outcome: HoldfastError.Outcome? = nil, _ what: @autoclosure () -> String = "",
  file: String = #fileID, line: UInt = #line, _ body: () async throws -> R
) async throws -> HoldfastError {
  let expected = "\(what()) expected to fail with \(code)"
  do {
    _ = try await body()
  } catch {
    guard let error = error as? HoldfastError else {
      throw ConformanceFailure("\(expected), failed with another type: \(error)", file: file, line: line)
    }
    // Somebody else's compaction: the case is tried again.
    if error.code == .compacted && code != .compacted { throw error }
    try expectEqual(error.code, code, what(), file: file, line: line)
    if let outcome {
      try expect(error.outcome == outcome, "\(expected), \(outcome); got \(error)", file: file, line: line)
    }
    return error
  }
  throw ConformanceFailure("\(expected), but it succeeded", file: file, line: line)
}
