import Holdfast
import HoldfastCore

/// An operation of a client, from its request to what the caller was told.
struct SimulatedOperation {
  enum Kind: CaseIterable {
    case put, create, update, delete, deleteStored, deleteFolder, putPair, deletePair, get, blindPut, putLeased
  }

  enum State {
    case sent
    /// Acknowledged; some of the client's caches have to follow first.
    case following([Int], Revision, restores: Int)
    /// Its answer was lost, and its store finds out.
    case resolving(SimulatedResolution)
  }

  let id: Int
  let client: Int
  let kind: Kind
  /// The typed operations as the store would send them; nil for a request of no type.
  let plan: TransactionPlan?
  var request: TransactionRequest
  /// What each of the client's caches knew when the request was sent.
  let marks: [(cache: Int, mark: WriteMark)]
  /// What it writes, if it writes a value.
  let token: UInt32?
  /// For what compares: the revision that it goes by.
  let expected: Revision?
  /// The keys that it may change or read.
  let keys: [Int]
  /// See ``RegisterHistories/nextInstant()``.
  let invoked: Int
  /// How often the store had been restored then.
  let restores: Int
  /// The leases that were granted for it.
  var leases: [Int: Lease] = [:]
  var state = State.sent
}
