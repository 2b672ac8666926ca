package import HoldfastCore

/// Where one watch stands: what it wants and the next revision it has not looked at. It holds no events; they are read from
/// the store's log when the consumer asks, so a slow consumer costs nothing.
package struct WatchCursor: Sendable {
  /// The most revisions of one batch.
  let maximumRevisions: Int
  package let request: WatchRequest
  /// The next revision to look at; nil before the watch has started.
  package internal(set) var position: Revision?

  /// 1,000 revisions are etcd's limit for one response.
  package init(_ request: WatchRequest, maximumRevisions: Int = 1_000) {
    self.request = request
    self.maximumRevisions = maximumRevisions
  }

  /// Whether the watch wants to hear of an event.
  func wants(_ event: WatchEvent) -> Bool {
    guard request.range.contains(event.key) else { return false }
    switch event.kind {
    case .put: return !request.withoutPuts
    case .delete: return !request.withoutDeletes
    }
  }
}
