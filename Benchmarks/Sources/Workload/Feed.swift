public import Holdfast
import Synchronization

/// A script of puts at full rate, in whole revisions, that runs when it is told to: it replaces the values of a store's keys one
/// after the other, with others of the same size.
public final class Feed: Sendable {
  private struct State {
    /// How many of the keys are written.
    var width: Int
    var last: Revision
    /// No event is later than this.
    var limit: Revision
  }

  private let keyValues: [KeyValue]
  private let batchSize: Int
  private let state: Mutex<State>
  private let wake: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  /// - Parameters:
  ///   - keyValues: What the store holds.
  ///   - batchSize: How many events, each a revision of its own, come at once.
  public init(_ keyValues: [KeyValue], batchSize: Int = 100) {
    var order = keyValues
    var random = Random(seed: 2)
    order.shuffle(using: &random)
    self.keyValues = order
    self.batchSize = batchSize
    let last = keyValues.map(\.modRevision).max() ?? 1
    state = Mutex(State(width: keyValues.count, last: last, limit: last))
    (wake, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Lets so many events come and returns the last one's revision.
  public func run(_ events: Int) -> Revision {
    let limit = state.withLock { state in
      state.limit = Revision(state.last.rawValue + Int64(events))
      return state.limit
    }
    continuation.yield()
    return limit
  }

  /// Lets events come until `stop`.
  public func start() { _ = run(1 << 40) }

  /// Returns the last event's revision.
  public func stop() -> Revision {
    state.withLock { state in
      state.limit = state.last
      return state.last
    }
  }

  /// From now on only so many of the keys are written, over and over.
  public func narrow(to width: Int) { state.withLock { $0.width = width } }

  public var last: Revision { state.withLock { $0.last } }

  /// What a ``ScriptedBackend`` is made with.
  @Sendable public func next() async -> WatchUpdate? {
    while true {
      if let batch = batch() { return .batch(batch) }
      var signals = wake.makeAsyncIterator()
      guard await signals.next() != nil else { return nil }
    }
  }

  private func batch() -> WatchBatch? {
    let (first, last, width) = state.withLock { state in
      let first = state.last.rawValue + 1
      let last = min(state.last.rawValue + Int64(batchSize), state.limit.rawValue)
      state.last = Revision(max(last, state.last.rawValue))
      return (first, last, state.width)
    }
    guard first <= last else { return nil }
    let events = (first...last).map { revision in
      var keyValue = keyValues[Int(revision) % width]
      keyValue.modRevision = Revision(revision)
      keyValue.version = revision
      return WatchEvent(.put, keyValue)
    }
    return WatchBatch(
      header: ResponseHeader(clusterID: 1, memberID: 1, revision: Revision(last), raftTerm: 1), events: events)
  }
}
