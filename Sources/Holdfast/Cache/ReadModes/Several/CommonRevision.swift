package import HoldfastCore

/// Finds one revision at which several caches can be read, in attempts. Pure.
///
/// It is the highest of their marks, so that no reader goes back. The others show it from what they remember, or wait for
/// their watches, or have it proven at exactly that revision. What was shown stays: a cache that goes on meanwhile does not
/// have to be asked again. Another attempt is made, at a higher revision, when one has passed it and does not remember it, or when
/// the store compacted it.
///
/// **Histories.** A restored store counts revisions that it has had before, and one cache may know that sooner than another. Two
/// states at one revision are of one history if no cache has taken from the store anew (by a list, or by a watch that
/// was set up anew) later than a quorum read was sent that confirms the other. Say the store was restored at X. If no cache has taken
/// from it since X, all are of before. If one has, at or before T ≥ X, every other was confirmed by a read that was sent after T, and
/// so by the restored store. Where that is not known, all are asked, by reads that are sent after the attempt begins.
package struct CommonRevision: Sendable {
  package enum Input: Sendable {
    /// An attempt begins, with all caches' marks.
    case begin([CacheMark])
    /// What the store answered to a quorum read of a cache that was sent after the `ask`, once the cache knows it.
    case answered(Int, Revision)
    /// A cache shows its range at the revision, and is at this mark; whether a read that was sent after the `take` proves it.
    case shown(Int, CacheMark, isProven: Bool)
    /// A cache cannot be read at the revision any more.
    case lost(Int)
  }

  package enum Action: Equatable, Sendable {
    case ask(Int)
    case take(Int, at: Revision)
    /// All caches were taken at this revision.
    case agreed(Revision)
    /// The store is at this revision, and not at the one that was asked for.
    case future(Revision)
    /// The attempt has failed. Begin another one, after a pause.
    case again
  }

  private enum State {
    case idle
    case asking(Set<Int>)
    case taking(Revision, Set<Int>)
  }

  /// The state must be at least of this revision.
  private let floor: Revision
  /// That, and of all that the caches' store had acknowledged in them.
  private let includesWrites: Bool
  /// Whether the next attempt asks the store.
  private var asks: Bool
  private var state = State.idle
  private var marks: [CacheMark] = []
  private var isConfirmed = true
  private var answer = Revision.zero

  /// - Parameter asks: Whether the state must be as new as the store's when the reader came.
  package init(atLeast floor: Revision = .zero, includesWrites: Bool = false, asks: Bool = false) {
    (self.floor, self.includesWrites, self.asks) = (floor, includesWrites, asks)
  }

  package mutating func handle(_ input: Input) -> [Action] {
    switch (input, state) {
    case (.begin(let marks), _): begin(marks)
    case (.answered(let cache, let revision), .asking(let open)) where open.contains(cache):
      answered(revision, open.subtracting([cache]))
    case (.shown(let cache, let mark, let isProven), .taking(let revision, let open)) where open.contains(cache):
      shown(cache, mark, isProven, revision, open.subtracting([cache]))
    case (.lost(let cache), .taking(_, let open)) where open.contains(cache): again()
    default: []
    }
  }

  private mutating func begin(_ marks: [CacheMark]) -> [Action] {
    (self.marks, answer, isConfirmed) = (marks, .zero, true)
    if asks || !isOneCluster || highest < least {
      asks = true
      state = .asking(Set(marks.indices))
      return marks.indices.map { .ask($0) }
    }
    return take(at: highest)
  }

  /// Where a cluster took another one's place, those that do not know find out when they ask.
  private var isOneCluster: Bool { Set(marks.lazy.compactMap(\.clusterID)).count <= 1 }

  private var highest: Revision { marks.lazy.map(\.revision).max() ?? .zero }

  private var least: Revision {
    includesWrites ? marks.lazy.map(\.acknowledged).reduce(floor, max) : floor
  }

  private mutating func answered(_ revision: Revision, _ open: Set<Int>) -> [Action] {
    answer = max(answer, revision)
    state = .asking(open)
    guard open.isEmpty else { return [] }
    guard isOneCluster else { return again() }
    let newest = max(answer, highest)
    if newest < floor {
      state = .idle
      return [.future(newest)]
    }
    // The store went back behind what it had acknowledged.
    if newest < least { return again() }
    return take(at: newest)
  }

  private mutating func take(at revision: Revision) -> [Action] {
    state = .taking(revision, Set(marks.indices))
    return marks.indices.map { .take($0, at: revision) }
  }

  private mutating func shown(
    _ cache: Int, _ mark: CacheMark, _ isProven: Bool, _ revision: Revision, _ open: Set<Int>
  ) -> [Action] {
    // What it remembers may be of before it took from the store anew.
    guard mark.lineage == marks[cache].lineage, mark.clusterID == marks[cache].clusterID else { return again() }
    // Who shows a revision that is not below what was answered to it is confirmed by that.
    if !asks, !isProven, !isConfirmed(cache, mark) { isConfirmed = false }
    state = .taking(revision, open)
    guard open.isEmpty else { return [] }
    if !isConfirmed { return again() }
    state = .idle
    return [.agreed(revision)]
  }

  /// Whether it was, since the others took from the store anew.
  private func isConfirmed(_ cache: Int, _ mark: CacheMark) -> Bool {
    let others = marks.indices.lazy.filter { $0 != cache }.map { marks[$0].lineage.since }
    guard let last = others.max() else { return true }
    return mark.confirmed.map { $0 > last } ?? false
  }

  private mutating func again() -> [Action] {
    (asks, state) = (true, .idle)
    return [.again]
  }
}
