package import HoldfastCore

/// Where one watch stands: what it wants and the next revision it has not looked at. It holds no events; they are read from
/// the store's log when the consumer asks, so a slow consumer costs nothing.
package struct WatchCursor: Sendable {
  /// etcd's limit for one response.
  static var maximumRevisions: Int { 1_000 }

  package let request: WatchRequest
  /// The next revision to look at; nil before the watch has started.
  package internal(set) var position: Revision?

  package init(_ request: WatchRequest) { self.request = request }

  /// Whether the watch wants to hear of an event.
  func wants(_ event: WatchEvent) -> Bool {
    guard request.range.contains(event.key) else { return false }
    switch event.kind {
    case .put: return !request.withoutPuts
    case .delete: return !request.withoutDeletes
    }
  }
}
