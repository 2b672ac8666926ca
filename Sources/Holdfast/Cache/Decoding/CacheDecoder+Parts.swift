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
    _ keyValues: consuming [KeyValue], workers: Int = processorCount
  ) async throws -> [CacheRecord] {
    guard let length = partLength(of: keyValues.count, workers) else { return keyValues.map(record) }
    return try await inParts(keyValues, of: length, workers, record)
  }

  /// The same of events of a watch. The few that come at a time when all is well are decoded here.
  package func changes(
    _ events: consuming [WatchEvent], workers: Int = processorCount
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

  /// A batch of a hundred gains nothing from a second processor (measured), and where decoding is cheap it loses.
  package static var shortestPart: Int { 128 }
  package static var longestPart: Int { 256 }

  /// Decodes by several tasks, not more at once than there are processors.
  private func inParts<Item: Sendable, Decoded: Sendable>(
    _ items: consuming [Item], of length: Int, _ workers: Int, _ decode: @escaping @Sendable (Item) -> Decoded
  ) async throws -> [Decoded] {
    var undecoded = stride(from: 0, to: items.count, by: length).map {
      Array(items[$0..<min($0 + length, items.count)])
    }
    // Where nobody else has the items, what is decoded is not kept until all of it is.
    items = []
    var parts = undecoded.map { _ in [Decoded]() }
    try await withThrowingTaskGroup(of: (index: Int, decoded: [Decoded]).self) { group in
      for index in undecoded.indices {
        let part = undecoded[index]
        undecoded[index] = []
        if index >= workers, let done = try await group.next() { parts[done.index] = done.decoded }
        group.addTask {
          try Task.checkCancellation()
          return (index, part.map(decode))
        }
      }
      for try await done in group { parts[done.index] = done.decoded }
    }
    return Array(parts.joined())
  }
}
