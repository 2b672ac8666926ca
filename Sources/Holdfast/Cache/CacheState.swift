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

  /// Whether what the machine holds is of this run: it begins and ends a moment apart from the task that runs it, and keeps what it
  /// held when it stops.
  var isCurrent: Bool { isRunning && machine.phase != .stopped }
}

/// What the machine wants done next.
enum CacheStep: Sendable {
  case list(attempt: Int, failures: Int)
  case watch(attempt: Int, from: Revision)
}
