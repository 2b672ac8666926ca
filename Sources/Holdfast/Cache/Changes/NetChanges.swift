package import HoldfastCore

/// Changes of many steps as one for each key: what a key was before the first, and is after the last.
package struct NetChanges: Sendable {
  private var changes = SortedMap<BaseChange>()
  package private(set) var bytes = 0

  package init() {}

  package var count: Int { changes.count }

  package mutating func add(_ change: BaseChange) {
    let held = changes[change.key]
    let next = held.map { $0.followed(by: change) } ?? change
    bytes += (next?.bytes ?? 0) - (held?.bytes ?? 0)
    changes[change.key] = next
  }

  package mutating func capDeletes(at revision: Revision) {
    for (key, change) in changes where change.new == nil && change.revision > revision {
      var capped = change
      capped.revision = revision
      changes[key] = capped
    }
  }

  package var inKeyOrder: [BaseChange] { changes.map(\.value) }

  /// By the revision of each key's last change, then by key.
  package var inRevisionOrder: [BaseChange] {
    inKeyOrder.sorted { ($0.revision, $0.key) < ($1.revision, $1.key) }
  }
}
