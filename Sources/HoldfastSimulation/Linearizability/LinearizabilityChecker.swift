package enum LinearizabilityVerdict: Hashable, Sendable {
  /// Some order of the operations explains every answer.
  case linearizable
  /// `operation` is the one with the first answer that no order explains: without it, and what came later, the history is
  /// linearizable. `prefix` is the longest order that was found up to there. Both are indices of the history.
  case violation(operation: Int, prefix: [Int])
  /// The limit came first. This is not a pass.
  case undecided
}

/// Whether the history of one register is linearizable: the search of Wing and Gong, with Lowe's memory of where it has
/// been in vain.
///
/// An operation comes before another if its answer came at an earlier step than the other's request. At the same step the
/// two are concurrent: whoever wants them in order numbers them apart.
package struct LinearizabilityChecker {
  /// `limit` is how many placements of an operation are tried.
  package static func check(
    _ history: [RegisterOperation], initial: UInt64? = nil, limit: Int = 1_000_000
  ) -> LinearizabilityVerdict {
    if history.count <= UInt64.bitWidth {
      var search = LinearizationSearch(history, initial: initial, placed: WordSet())
      return search.run(limit: limit)
    }
    var search = LinearizationSearch(history, initial: initial, placed: WideSet(count: history.count))
    return search.run(limit: limit)
  }
}

private struct LinearizationSearch<Placed: OperationSet> {
  private struct Configuration: Hashable {
    let placed: Placed
    let state: UInt64?
  }

  private struct Placement {
    let operation: Int
    /// The state before it.
    let state: UInt64?
  }

  private let history: [RegisterOperation]
  private var entries: EntryList
  private var placed: Placed
  private var state: UInt64?
  private var placements: [Placement] = []
  /// How many answered operations are not placed yet.
  private var missing: Int
  /// From where nothing led to the end.
  private var exhausted: Set<Configuration> = []
  /// The latest answer that stopped the search, as an entry, and the order that came so far.
  private var furthest = (entry: 0, operation: 0, prefix: [Int]())

  init(_ history: [RegisterOperation], initial: UInt64?, placed: Placed) {
    self.history = history
    self.placed = placed
    state = initial
    entries = EntryList(history)
    missing = history.count { $0.returned != nil }
    placements.reserveCapacity(history.count)
  }

  mutating func run(limit: Int) -> LinearizabilityVerdict {
    var entry = entries.first
    // Unknown outcomes are placed only where the answered operations do not suffice: most histories need few of them.
    var placesUnknown = false
    var tried = 0
    while missing > 0 {
      if entries[entry].isReturn {
        if placesUnknown {
          note(blockedAt: entry)
          guard let last = backtrack() else {
            return .violation(operation: furthest.operation, prefix: furthest.prefix)
          }
          placesUnknown = history[last].returned == nil
          entry = entries.next(afterCallOf: last)
        } else {
          placesUnknown = true
          entry = entries.first
        }
        continue
      }
      let operation = entries[entry].operation
      if (history[operation].returned == nil) == placesUnknown {
        guard tried < limit else { return .undecided }
        tried += 1
        if place(operation) {
          placesUnknown = false
          entry = entries.first
          continue
        }
      }
      entry = entries[entry].next
    }
    return .linearizable
  }

  private mutating func place(_ operation: Int) -> Bool {
    let candidate = history[operation]
    // An unknown effect is placed to be seen. One that changes nothing, or is overwritten at once, explains nothing, and
    // whatever order has it there is as good without.
    if candidate.action.isUnconditional, let last = placements.last, history[last.operation].returned == nil {
      return false
    }
    var after = state
    guard candidate.apply(to: &after), candidate.returned != nil || after != state else { return false }
    placed.insert(operation)
    if exhausted.contains(Configuration(placed: placed, state: after)) {
      placed.remove(operation)
      return false
    }
    placements.append(Placement(operation: operation, state: state))
    state = after
    entries.lift(operation)
    if candidate.returned != nil { missing -= 1 }
    return true
  }

  /// Takes placements back to the last one that has alternatives; nil if there is none.
  private mutating func backtrack() -> Int? {
    while let last = placements.popLast() {
      exhausted.insert(Configuration(placed: placed, state: state))
      // A read or a refusal that fits here could be moved here from any later place: there is no alternative. A write
      // could not, as elsewhere it may change something.
      let isForced = last.state == state && !history[last.operation].action.isUnconditional
      placed.remove(last.operation)
      state = last.state
      entries.unlift(last.operation)
      if history[last.operation].returned != nil { missing += 1 }
      if !isForced { return last.operation }
    }
    return nil
  }

  private mutating func note(blockedAt entry: Int) {
    let isFurther = entry > furthest.entry
    guard isFurther || (entry == furthest.entry && placements.count > furthest.prefix.count) else { return }
    furthest = (entry, entries[entry].operation, placements.map(\.operation))
  }
}

/// Requests and answers in the order of time, as a ring that operations are lifted out of and put back into. Unknown
/// outcomes have no answer: nothing ever forces them to be placed.
private struct EntryList {
  struct Entry {
    let operation: Int
    let isReturn: Bool
    var previous: Int
    var next: Int
  }

  private var entries: [Entry]
  /// For each operation. A missing answer is 0, which is the head.
  private var calls: [Int]
  private var returns: [Int]

  init(_ history: [RegisterOperation]) {
    var events: [(step: Int, isReturn: Bool, operation: Int)] = []
    events.reserveCapacity(2 * history.count)
    for (index, operation) in history.enumerated() {
      events.append((operation.invoked, false, index))
      if let returned = operation.returned { events.append((returned, true, index)) }
    }
    // Requests before the answers of the same step, which makes them concurrent.
    events.sort { ($0.step, $0.isReturn ? 1 : 0, $0.operation) < ($1.step, $1.isReturn ? 1 : 0, $1.operation) }
    entries = [Entry(operation: 0, isReturn: true, previous: events.count, next: events.isEmpty ? 0 : 1)]
    entries.reserveCapacity(events.count + 1)
    calls = Array(repeating: 0, count: history.count)
    returns = calls
    for (offset, event) in events.enumerated() {
      let next = offset + 1 < events.count ? offset + 2 : 0
      entries.append(Entry(operation: event.operation, isReturn: event.isReturn, previous: offset, next: next))
      if event.isReturn { returns[event.operation] = offset + 1 } else { calls[event.operation] = offset + 1 }
    }
  }

  var first: Int { entries[0].next }

  subscript(entry: Int) -> Entry { entries[entry] }

  func next(afterCallOf operation: Int) -> Int { entries[calls[operation]].next }

  mutating func lift(_ operation: Int) {
    unlink(calls[operation])
    if returns[operation] != 0 { unlink(returns[operation]) }
  }

  /// In the opposite order of `lift`, as each entry still knows the neighbours that it had when it left.
  mutating func unlift(_ operation: Int) {
    if returns[operation] != 0 { relink(returns[operation]) }
    relink(calls[operation])
  }

  private mutating func unlink(_ entry: Int) {
    entries[entries[entry].previous].next = entries[entry].next
    entries[entries[entry].next].previous = entries[entry].previous
  }

  private mutating func relink(_ entry: Int) {
    entries[entries[entry].previous].next = entry
    entries[entries[entry].next].previous = entry
  }
}

private protocol OperationSet: Hashable {
  mutating func insert(_ operation: Int)
  mutating func remove(_ operation: Int)
}

/// Up to 64 operations, which is nearly every history.
private struct WordSet: OperationSet {
  private var word: UInt64 = 0

  mutating func insert(_ operation: Int) { word |= 1 << UInt64(operation) }
  mutating func remove(_ operation: Int) { word &= ~(1 << UInt64(operation)) }
}

private struct WideSet: OperationSet {
  private var words: [UInt64]

  init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

  mutating func insert(_ operation: Int) { words[operation / 64] |= 1 << UInt64(operation % 64) }
  mutating func remove(_ operation: Int) { words[operation / 64] &= ~(1 << UInt64(operation % 64)) }
}
