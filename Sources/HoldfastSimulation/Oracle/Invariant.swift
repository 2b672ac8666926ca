/// What must hold, whatever happens. The numbers are those of the list that the guarantees are tested by.
public enum Invariant: Int, CaseIterable, Sendable {
  case monotonicReads = 1
  case monotonicSnapshots = 2
  case readYourWrites = 3
  case noResurrection = 4
  case noLostUpdate = 5
  case noThinAir = 6
  case snapshotConsistency = 7
  case atomicTransactions = 8
  case boundedStaleness = 9
  case linearizable = 10
  case convergence = 11
  case changeStreams = 12
  case failLoud = 13
  case safeCompareAndSet = 14
  case atMostOnce = 15
  case epochs = 16
  case boundedMemory = 17
  case malformedValues = 18
  case leases = 19

  public var name: String { "\(self)" }
}

/// An invariant that did not hold.
public struct Violation: Hashable, Sendable {
  public let invariant: Invariant
  public let step: Int
  public let message: String
}
