import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// One watch stream as its member sees it: a watcher that is synced, or catches up in batches, and what it has sent that
/// has not been received.
struct SimulatedStream {
  struct Watcher {
    let id: Int64
    /// The next revision to look at.
    var position: Revision
    /// The first revision that was asked for.
    let start: Revision
    /// Whether it is told of changes as they are applied.
    var isSynced: Bool
    var hadEvents = false
  }

  let id: Int
  let member: Int
  let range: KeyRange
  var requests: [WatchCommand] = []
  var messages: [WatchMessage] = []
  var watcher: Watcher?
  /// Nothing is delivered any more, and nobody says so.
  var isBlackHole = false
  /// Where the member has stopped to send events, and to know of any; it stays alive, and nobody says so.
  var stalledAt: Revision?
  /// Why it broke; the client has yet to learn it.
  var failure: CallFailure?
}
