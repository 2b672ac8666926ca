/// Somebody who wants to know of acknowledged writes at once: a cache.
protocol WriteObserver: AnyObject, Sendable {
  /// The keys it is interested in.
  var range: KeyRange { get }
  /// What it knows of the store, to be taken before a write is sent.
  var mark: WriteMark { get }
  /// Everything that one transaction wrote in its range, to be made visible in one step.
  func acknowledged(_ effects: [AcknowledgedWrite], at revision: Revision, sent: WriteMark)
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
