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
