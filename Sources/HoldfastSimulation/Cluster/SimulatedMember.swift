import HoldfastCore
import HoldfastEmbedded

/// One server of the cluster: it applies the common log at its own pace.
struct SimulatedMember {
  var store: MVCCStore
  /// How many entries of the log it has applied.
  var applied = 0
  var isUp = true
  /// Without the others: it answers what needs no quorum, from what it has.
  var isPartitioned = false
  /// It will answer one quorum read from what it had before it was paused.
  var staleReads = 0
}
