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
    _ keyValues: consuming [KeyValue], workers: Int = ProcessInfo.processInfo.activeProcessorCount
  ) async throws -> [CacheRecord] {
    let length = Self.partLength
    guard policy == .eager, workers > 1, keyValues.count > 2 * length else { return keyValues.map(record) }
    var undecoded = stride(from: 0, to: keyValues.count, by: length).map {
      Array(keyValues[$0..<min($0 + length, keyValues.count)])
    }
    // Where nobody else has the list, what is decoded is not kept until all of it is.
    keyValues = []
    var parts = undecoded.map { _ in [CacheRecord]() }
    try await withThrowingTaskGroup(of: (index: Int, records: [CacheRecord]).self) { group in
      for index in undecoded.indices {
        let part = undecoded[index]
        undecoded[index] = []
        if index >= workers, let done = try await group.next() { parts[done.index] = done.records }
        group.addTask {
          try Task.checkCancellation()
          return (index, part.map(record))
        }
      }
      for try await done in group { parts[done.index] = done.records }
    }
    return Array(parts.joined())
  }

  /// Long enough that a task is worth it, and short enough that nobody waits for its end: milliseconds.
  package static var partLength: Int { 256 }
}
