internal import HoldfastStructures

/// What a cache shows of a range, in key order: the values that are kept, and the rest.
struct RangeValues {
  private(set) var outcomes: [DecodingOutcome] = []
  /// What is not decoded, or is no value, and how many of the outcomes come before it.
  private(set) var others: [(place: Int, record: CacheRecord)] = []

  var count: Int { outcomes.count + others.count }

  init(capacity: Int) { outcomes.reserveCapacity(capacity) }

  @inline(__always)
  mutating func append(_ entry: CacheEntry) {
    if let outcome = entry.outcome.withObject({ $0 }), !outcome.isFailure {
      outcomes.append(outcome)
    } else if !entry.isLeftOut {
      others.append((outcomes.count, CacheRecord(entry)))
    }
  }
}
