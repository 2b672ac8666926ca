import HoldfastCore
import HoldfastEmbedded

/// All that ever happened in the store, by revision. A restore begins another history, which shares the past with the one
/// before.
struct Oracle {
  /// What each of the simulation's keys held.
  typealias State = [KeyValue?]

  struct History {
    /// By revision; those below `first` say nothing.
    var states: [State]
    /// When each revision was committed.
    var times: [Duration]
    /// The revision that it was restored at.
    var start = Revision(1)
    /// The revisions of writes with the bytes of another one.
    var imitations: Set<Revision> = []

    var revision: Revision { Revision(Int64(states.count - 1)) }

    func state(at revision: Revision) -> State? {
      let index = revision.rawValue
      return index >= 0 && index < states.count ? states[Int(index)] : nil
    }
  }

  private(set) var histories: [History]
  /// In which revisions each write's token appeared, histories that are gone included.
  private(set) var tokens: [UInt32: [Revision]] = [:]

  init() {
    let nothing = State(repeating: nil, count: Keys.all.count)
    // Revision 0 is none, 1 is the empty store.
    histories = [History(states: [nothing, nothing], times: [.zero, .zero])]
  }

  var current: Int { histories.count - 1 }
  var revision: Revision { histories[current].revision }
  var state: State { histories[current].states.last ?? [] }

  /// Takes note of what the store has committed since. An imitation has the bytes of another write, and is not it.
  mutating func follow(_ store: MVCCStore, _ now: Duration, isImitation: Bool = false) {
    while revision < store.revision {
      let next = revision.next
      if isImitation { histories[current].imitations.insert(next) }
      var state = self.state
      // Nothing is compacted before it was noted.
      for event in (try? store.events(in: .all, from: next, revisions: 1)) ?? [] where event.modRevision == next {
        guard let index = Keys.index(event.key) else { continue }
        state[index] = event.kind == .put ? event.keyValue : nil
        if event.kind == .put, !isImitation { note(event.keyValue) }
      }
      histories[current].states.append(state)
      histories[current].times.append(now)
    }
  }

  private mutating func note(_ keyValue: KeyValue) {
    let token = SimulatedCodec.token(keyValue.value)
    if tokens[token]?.last != keyValue.modRevision { tokens[token, default: []].append(keyValue.modRevision) }
  }

  /// Begins the history of a store that went back to a revision.
  mutating func restore(to revision: Revision) {
    let count = Int(revision.rawValue) + 1
    let past = histories[current]
    var history = History(states: Array(past.states.prefix(count)), times: Array(past.times.prefix(count)))
    history.start = revision
    history.imitations = past.imitations.filter { $0 <= revision }
    histories.append(history)
  }

  /// When, after a revision, the first change of some keys was committed in the current history; nil when none was.
  func firstChange(of keys: [Int], after revision: Revision) -> Duration? {
    let history = histories[current]
    guard var last = history.state(at: revision) else { return nil }
    for index in history.states.indices.dropFirst(Int(revision.rawValue) + 1) {
      if keys.contains(where: { history.states[index][$0] != last[$0] }) { return history.times[index] }
      last = history.states[index]
    }
    return nil
  }

  /// What a history began with.
  func start(of history: Int) -> State { histories[history].state(at: histories[history].start) ?? [] }

  /// Whether the store ever held this.
  func knows(_ keyValue: KeyValue, index: Int) -> Bool {
    histories.contains { $0.state(at: keyValue.modRevision)?[index] == keyValue }
  }

  /// The first history, from one on, that held exactly this at a revision.
  func history(from first: Int, holding state: [(index: Int, keyValue: KeyValue?)], at revision: Revision) -> Int? {
    histories.indices.dropFirst(first).first { history in
      guard let held = histories[history].state(at: revision) else { return false }
      return state.allSatisfy { held[$0.index] == $0.keyValue }
    }
  }

  /// The first revision from one on at which a key was gone; nil when it never was.
  func absence(of index: Int, from revision: Revision, in history: Int) -> Revision? {
    let states = histories[history].states
    let first = max(0, Int(revision.rawValue))
    guard first < states.count else { return nil }
    return states[first...].firstIndex { $0[index] == nil }.map { Revision(Int64($0)) }
  }
}
