internal import HoldfastCore

/// Reads a watch step by step.
final class WatchReader {
  private let context: ConformanceContext
  private let start: Revision?
  private var iterator: WatchUpdates.Iterator

  init(
    _ context: ConformanceContext, range: KeyRange? = nil, from start: Revision? = nil,
    _ configure: (inout WatchRequest) -> Void = { _ in }
  ) {
    var request = WatchRequest(range ?? context.all, from: start)
    configure(&request)
    self.context = context
    self.start = start
    iterator = context.backend.watch(request).makeAsyncIterator()
  }

  private func next() async throws -> WatchUpdate {
    guard let update = try await iterator.next() else { throw CancellationError() }
    return update
  }

  /// Waits until the watch stands.
  @discardableResult
  func started() async throws -> ResponseHeader {
    guard case .started(let header) = try await next() else {
      throw ConformanceFailure("a watch does not begin with `started`")
    }
    return header
  }

  /// The next changes; whatever else the watch says is passed over.
  func batch() async throws -> WatchBatch {
    while true {
      guard case .batch(let batch) = try await next() else { continue }
      let revisions = batch.events.map(\.modRevision)
      try expect(!revisions.isEmpty, "an empty batch")
      try expectEqual(revisions, revisions.sorted(), "the order of a batch")
      if let last = revisions.last {
        try expect(batch.header.revision >= last, "header \(batch.header.revision) below event \(last)")
      }
      return batch
    }
  }

  /// At least so many events, and no more than their batches bring. Their revisions never fall, and no batch goes on with a
  /// revision that an earlier one has begun.
  func events(_ count: Int) async throws -> [WatchEvent] {
    var events: [WatchEvent] = []
    while events.count < count {
      let batch = try await batch()
      if let last = events.last, let first = batch.events.first {
        try expect(first.modRevision > last.modRevision, "revision \(first.modRevision) is split over batches")
      }
      events += batch.events
    }
    try expectEqual(events.count, count, "events")
    if let start, let first = events.first {
      try expect(first.modRevision >= start, "event at \(first.modRevision), before the start at \(start)")
    }
    return events
  }

  /// The error that ends the watch.
  func failure() async throws -> HoldfastError {
    do {
      while true { _ = try await batch() }
    } catch {
      guard let error = error as? HoldfastError else { throw error }
      return error
    }
  }
}

extension WatchEvent {
  /// `put a=1` or `delete a`.
  func text(_ context: ConformanceContext) -> String {
    let name = context.names([key])[0]
    return kind == .put ? "put \(name)=\(keyValue.text)" : "delete \(name)"
  }
}
