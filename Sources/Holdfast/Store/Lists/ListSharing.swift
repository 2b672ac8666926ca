package import HoldfastCore

/// Who shares which list, so that many caches which lose the store at once do not come back to it all at once. Pure.
///
/// A list is shared by all who ask for its range before it is sent, and by nobody who asks later, since its answer may be of
/// before he asked (rule 2). Of one range one list is in flight, of all ranges a few; the others wait, first come first served.
/// One of those who share a list leads: he carries it out, for the others too.
package struct ListSharing: Sendable {
  package enum Input: Sendable {
    /// Somebody wants a list that is sent after this. He asks for nothing else until he is told, or leaves.
    case ask(Int, KeyRange)
    /// Somebody does not want his list any more, whether he waits or leads.
    case leave(Int)
    /// The list of this leader was answered, or failed.
    case end(leader: Int)
  }

  package enum Action: Equatable, Sendable {
    /// This one is to send the list now, and to say when it has ended.
    case lead(Int)
    /// What came of the list, an error too, is for these as well; the leader has it already.
    case tell([Int])
  }

  /// The first of those who share it leads, once it is in flight.
  private struct List {
    let range: KeyRange
    var callers: [Int]
  }

  private let limit: Int
  private var waiting: [List] = []
  private var inFlight: [List] = []

  /// - Parameter limit: How many lists may be in flight at once.
  package init(limit: Int = 4) { self.limit = max(1, limit) }

  /// How many wait for a list, or lead one.
  package var callers: Int { (waiting + inFlight).reduce(0) { $0 + $1.callers.count } }

  /// Those for whom this leader carries out a list, himself included.
  package func callers(of leader: Int) -> [Int] { inFlight.first { $0.callers.first == leader }?.callers ?? [] }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .ask(let caller, let range): ask(caller, range)
    case .leave(let caller): leave(caller)
    case .end(let leader): end(leader)
    }
  }

  private mutating func ask(_ caller: Int, _ range: KeyRange) -> [Action] {
    if let index = waiting.firstIndex(where: { $0.range == range }) {
      waiting[index].callers.append(caller)
    } else {
      waiting.append(List(range: range, callers: [caller]))
    }
    return send()
  }

  private mutating func leave(_ caller: Int) -> [Action] {
    if let left = remove(leader: caller) {
      giveBack(left)
      return send()
    }
    for index in inFlight.indices { inFlight[index].callers.removeAll { $0 == caller } }
    for index in waiting.indices { waiting[index].callers.removeAll { $0 == caller } }
    waiting.removeAll(where: \.callers.isEmpty)
    return []
  }

  /// Those whose leader is gone go before all others: they have waited longest. Who waits for the same range joins them.
  private mutating func giveBack(_ list: List) {
    guard !list.callers.isEmpty else { return }
    var list = list
    if let index = waiting.firstIndex(where: { $0.range == list.range }) {
      list.callers += waiting.remove(at: index).callers
    }
    waiting.insert(list, at: 0)
  }

  private mutating func end(_ leader: Int) -> [Action] {
    guard let list = remove(leader: leader) else { return [] }
    return (list.callers.isEmpty ? [] : [.tell(list.callers)]) + send()
  }

  /// Takes a list out of those in flight, and its leader out of it.
  private mutating func remove(leader: Int) -> List? {
    guard let index = inFlight.firstIndex(where: { $0.callers.first == leader }) else { return nil }
    var list = inFlight.remove(at: index)
    list.callers.removeFirst()
    return list
  }

  private mutating func send() -> [Action] {
    var actions: [Action] = []
    while inFlight.count < limit, let index = waiting.firstIndex(where: isFree) {
      let list = waiting.remove(at: index)
      inFlight.append(list)
      actions += list.callers.prefix(1).map(Action.lead)
    }
    return actions
  }

  private func isFree(_ list: List) -> Bool { !inFlight.contains { $0.range == list.range } }
}
