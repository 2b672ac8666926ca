import Holdfast
import HoldfastCore

/// A reader that wants a snapshot which is new enough.
struct SimulatedRead {
  enum Kind {
    case linearizable
    case maxStaleness(Duration)
  }

  let id: Int
  let cache: Int
  let kind: Kind
  /// What the store had told anybody before the read began.
  let floor: Revision
  /// How often the store had been restored then.
  let restores: Int
  /// When it gives up on memory.
  let deadline: Duration
  /// What the store answered first, and in which epoch.
  var learned: (revision: Revision, epoch: Int)?
  /// Whether a faulty server answered it from the past.
  var isMisled = false
}
