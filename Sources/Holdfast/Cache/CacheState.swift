/// What a cache knows, whatever its values are.
struct CacheState: Sendable {
  var machine: CacheMachine
  var hub: ChangeHub
  var isRunning = false
  var quarantined: Set<Key> = []
  var clusterID: UInt64?
  /// The list that is on its way, and how much of it has arrived.
  var listing: (attempt: Int, progress: ListProgress?)?
  var lineage = CacheLineage()
}

/// What the machine wants done next.
enum CacheStep: Sendable {
  case list(attempt: Int, failures: Int)
  case watch(attempt: Int, from: Revision)
}
