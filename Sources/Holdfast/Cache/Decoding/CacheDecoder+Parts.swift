#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Looked up once: that reads files.
package let processorCount = ProcessInfo.processInfo.activeProcessorCount

extension CacheDecoder {
  /// The records of a whole list, in its order, off the caller's executor.
  ///
  /// - Throws: `CancellationError` when the task is cancelled while a long list is decoded.
  @concurrent
  package func records(
    _ keyValues: [KeyValue], workers: Int = processorCount
  ) async throws -> [CacheRecord] {
    guard let length = partLength(of: keyValues.count, workers) else { return keyValues.map(record) }
    return try await inParts(keyValues, of: length, workers, record)
  }

  /// The same of events of a watch. The few that come at a time when all is well are decoded here.
  package func changes(
    _ events: [WatchEvent], workers: Int = processorCount
  ) async throws -> [CacheChange] {
    guard let length = partLength(of: events.count, workers) else { return events.map(change) }
    return try await inParts(events, of: length, workers, change)
  }

  /// How much one task decodes: enough that a task is worth it, and so little that other tasks of the process come in between
  /// (milliseconds) and that all workers have something to do. Nil: tasks are not worth it.
  private func partLength(of count: Int, _ workers: Int) -> Int? {
    guard policy == .eager, workers > 1, count >= 2 * Self.shortestPart else { return nil }
    return min(Self.longestPart, max(Self.shortestPart, (count + workers - 1) / workers))
  }

  package static var shortestPart: Int { 16 }
  package static var longestPart: Int { 256 }

  /// Decodes by several tasks, not more at once than there are processors.
  private func inParts<Item: Sendable, Decoded: Sendable>(
    _ items: [Item], of length: Int, _ workers: Int, _ decode: @escaping @Sendable (Item) -> Decoded
  ) async throws -> [Decoded] {
    let starts = stride(from: 0, to: items.count, by: length)
    var parts = starts.map { _ in [Decoded]() }
    try await withThrowingTaskGroup(of: (index: Int, decoded: [Decoded]).self) { group in
      for (index, start) in starts.enumerated() {
        if index >= workers, let done = try await group.next() { parts[done.index] = done.decoded }
        group.addTask {
          try Task.checkCancellation()
          return (index, items[start..<min(start + length, items.count)].map(decode))
        }
      }
      for try await done in group { parts[done.index] = done.decoded }
    }
    return Array(parts.joined())
  }
}
