import HoldfastCore

/// How a simulated server behaves where real versions differ.
public enum Profile: String, CaseIterable, Sendable {
  /// As etcd is documented.
  case correct
  case v3_4_23 = "3.4.23"
  case v3_5_1 = "3.5.1"
  /// Stays silent when an idle watch asks for progress.
  case v3_5_12 = "3.5.12"

  /// What its members say they are.
  var version: ServerVersion {
    switch self {
    case .correct: ServerVersion(major: 3, minor: 6, patch: 0)
    case .v3_4_23: ServerVersion(major: 3, minor: 4, patch: 23)
    case .v3_5_1: ServerVersion(major: 3, minor: 5, patch: 1)
    case .v3_5_12: ServerVersion(major: 3, minor: 5, patch: 12)
    }
  }

  /// Requested progress may arrive before the events that it covers (etcd issue 15220).
  var progressOvertakesEvents: Bool { self == .v3_4_23 || self == .v3_5_1 }
  /// No answer to a progress request of a watch that never had an event (17507).
  var isSilentWhenIdle: Bool { self == .v3_5_12 }
  /// Events may come twice (pull request 15248).
  var repeatsEvents: Bool { self == .v3_4_23 || self == .v3_5_1 }
  /// A future watch is told of progress below its start (20221).
  var progressBelowStart: Bool { self != .correct }
  /// A quorum read after a pause of the member may be answered from before the pause (20418).
  var readsStaleAfterPause: Bool { self != .correct }
  /// A refused watch is cancelled under the id that it was to have, rather than under none; and an expired token is told as
  /// a lack of permission.
  var refusesUnderRequestedID: Bool { self == .v3_5_1 }
}
