#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

extension CacheDecoder {
  /// The records of a whole list, in its order, off the caller's executor. A long one is decoded by several tasks, not more at once
  /// than there are processors; each takes a short part, so that other tasks of the process come in between.
  ///
  /// - Throws: `CancellationError` when the task is cancelled while a long list is decoded.
  @concurrent
  package func records(
    _ keyValues: [KeyValue], workers: Int = ProcessInfo.processInfo.activeProcessorCount
  ) async throws -> [CacheRecord] {
    let length = Self.partLength
    guard policy == .eager, workers > 1, keyValues.count > 2 * length else { return keyValues.map(record) }
    let starts = stride(from: 0, to: keyValues.count, by: length)
    var parts = starts.map { _ in [CacheRecord]() }
    try await withThrowingTaskGroup(of: (index: Int, records: [CacheRecord]).self) { group in
      for (index, start) in starts.enumerated() {
        if index >= workers, let done = try await group.next() { parts[done.index] = done.records }
        group.addTask {
          try Task.checkCancellation()
          return (index, keyValues[start..<min(start + length, keyValues.count)].map(record))
        }
      }
      for try await done in group { parts[done.index] = done.records }
    }
    return Array(parts.joined())
  }

  /// Long enough that a task is worth it, and short enough that nobody waits for its end: milliseconds.
  package static var partLength: Int { 256 }
}
