import Holdfast
import HoldfastCore

/// What one run did.
struct RunRecord {
  var steps = 0
  var operations = 0
  var restores = 0
  /// How often a cache was given the list of another one.
  var sharedLists = 0
  /// Registers whose histories could not be judged within the limit.
  var undecided = 0
  var faults: [Fault: Int] = [:]
  /// What became of writes whose answers were lost.
  var resolutions: [String: Int] = [:]
  var repairs: [Repair: Int] = [:]
  /// By the invariant's number.
  var checks = [Int](repeating: 0, count: Invariant.allCases.count + 1)
}

/// What became of a write, as its caller was told.
struct WriteRecord {
  let token: UInt32
  let outcome: HoldfastError.Outcome
  /// How often it was in a history that the store had left when that was told.
  var timesGone = 0
}

/// What caches must do by themselves; counted, so that none of it stays untested.
public enum Repair: String, CaseIterable, Sendable {
  /// A cache was told that it differs from the store, and lists again.
  case differenceFound
  /// A watch that stood and brought nothing was replaced.
  case watchReplaced
  /// A cache that the store had refused, and that has not listed since, was answered again.
  case refusalEnded
}

/// Two runs of one seed must have the same.
struct Fingerprint: Hashable {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ number: UInt64) { value = (value ^ number) &* 0x100_0000_01B3 }
  mutating func add(_ revision: Revision?) { add(UInt64(bitPattern: revision?.rawValue ?? -1)) }
}
