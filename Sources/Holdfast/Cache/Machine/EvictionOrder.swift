import HoldfastCore

/// The overlay's keys in the order of their revisions, so that what the base has reached is found without a search.
struct EvictionOrder: Sendable {
  private typealias Place = (key: Key, revision: Revision)

  /// Ascending by revision; those before `head` are gone.
  private var places: [Place] = []
  private var head = 0

  var count: Int { places.count - head }

  /// Acknowledgements come nearly in order: the place is at the end or close to it.
  mutating func insert(_ key: Key, at revision: Revision) {
    var index = places.count
    while index > head, places[index - 1].revision > revision { index -= 1 }
    places.insert((key, revision), at: index)
  }

  mutating func removeAll(through revision: Revision) -> [(key: Key, revision: Revision)] {
    let start = head
    while head < places.count, places[head].revision <= revision { head += 1 }
    let removed = Array(places[start..<head])
    if head > 64, head > places.count / 2 {
      places.removeFirst(head)
      head = 0
    }
    return removed
  }

  func forEach(through revision: Revision, _ body: (Key) -> Void) {
    for place in places[head...] {
      guard place.revision <= revision else { return }
      body(place.key)
    }
  }

  mutating func keep(_ isNeeded: (Key, Revision) -> Bool) {
    places = places[head...].filter { isNeeded($0.key, $0.revision) }
    head = 0
  }
}
