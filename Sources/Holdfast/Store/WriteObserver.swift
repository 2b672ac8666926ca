/// Somebody who wants to know of acknowledged writes at once: a cache.
protocol WriteObserver: AnyObject, Sendable {
  /// The keys it is interested in.
  var range: KeyRange { get }
  /// What it knows of the store, to be taken before a write is sent.
  var mark: WriteMark { get }
  /// What one transaction wrote in its range, possibly nothing, to be made visible in one step. False when the store went
  /// back between the request and now: then only following it shows whether the write is part of what it has.
  func acknowledged(_ effects: [AcknowledgedWrite], at revision: Revision, changed: Bool, sent: WriteMark) -> Bool
  /// Returns when the observer has followed the store up to the revision, or is not following any more.
  func followed(to revision: Revision) async throws
}

/// One thing that an acknowledged transaction did.
package enum AcknowledgedWrite: Equatable, Sendable {
  case put(KeyValue)
  case delete(KeyRange)

  func concerns(_ range: KeyRange) -> Bool {
    switch self {
    case .put(let keyValue): range.contains(keyValue.key)
    case .delete(let deleted): range.overlaps(deleted)
    }
  }
}
