/// The updates of one watch, in order. It ends only by an error or by cancellation of the task that iterates.
///
/// Iterate it once. Nothing happens before the first `next()`, and nothing runs in the background: the consumer's own task
/// drives the watch, so a consumer that does not ask stops the server by flow control. Dropping the iterator ends the watch.
///
/// It throws ``HoldfastError`` with code `compacted` (and `compactRevision`) when the start or resume revision is gone: list
/// again, apply the difference, watch on. Other codes mean that the server refused the watch.
public struct WatchUpdates: AsyncSequence, Sendable {
  public typealias Element = WatchUpdate
  public typealias Failure = HoldfastError

  private let source: @Sendable () -> any WatchSource

  package init(_ source: @escaping @Sendable () -> any WatchSource) { self.source = source }

  /// The updates of a store of your own.
  ///
  /// - Parameter make: Called once for each iteration. What it returns is called by one task at a time and gives the next update, or nil
  ///   when that task was cancelled; it is released when the iteration ends.
  public static func making(
    _ make: @escaping @Sendable () -> @Sendable () async throws(HoldfastError) -> WatchUpdate?
  ) -> WatchUpdates {
    WatchUpdates { ClosureSource(make()) }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(source: source()) }

  /// One iteration without its iterator, for backends that put something between.
  package func makeSource() -> any WatchSource { source() }

  public struct Iterator: AsyncIteratorProtocol {
    private let source: any WatchSource

    fileprivate init(source: any WatchSource) { self.source = source }

    public mutating func next() async throws(HoldfastError) -> WatchUpdate? {
      try await source.next()
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(HoldfastError) -> WatchUpdate? {
      try await source.next()
    }
  }
}

/// What drives one iteration of a watch. Used by one task at a time; its deinitialisation ends the watch.
package protocol WatchSource: AnyObject, Sendable {
  /// The next update, or nil when the iterating task was cancelled.
  func next() async throws(HoldfastError) -> WatchUpdate?
}

private final class ClosureSource: WatchSource {
  private let update: @Sendable () async throws(HoldfastError) -> WatchUpdate?

  init(_ update: @escaping @Sendable () async throws(HoldfastError) -> WatchUpdate?) { self.update = update }

  func next() async throws(HoldfastError) -> WatchUpdate? { try await update() }
}
