import HoldfastCore

/// Puts whole revisions together from the messages of one stream, and refuses what a watch of the range cannot contain.
struct RevisionAssembly: Hashable, Sendable {
  enum Outcome: Hashable {
    /// More fragments follow.
    case incomplete
    /// Whole revisions in order, without those that were delivered before; possibly none.
    case complete([WatchEvent])
    case violation(String)
  }

  /// More events than one revision can have on any server: fragments without end do not eat all memory.
  static var maximumEvents: Int { 10_000_000 }

  private var fragments: [WatchEvent] = []
  /// The revision of the last event seen, of those that were dropped too.
  private var last = Revision.zero

  var isEmpty: Bool { fragments.isEmpty }

  mutating func add(
    _ message: WatchMessage, _ header: ResponseHeader, in range: KeyRange, from start: Revision
  ) -> Outcome {
    for event in message.events {
      guard let keyValue = event.keyValue else { return .violation("an event came without its key") }
      let revision = keyValue.modRevision
      guard range.contains(keyValue.key) else { return .violation("an event concerns a key outside of the range") }
      guard revision > .zero, revision.rawValue < .max else { return .violation("an event came without a revision") }
      // A server may repeat what it sent; it may not go back within what is new.
      guard revision >= start else { continue }
      guard revision >= last else { return .violation("events came out of order") }
      last = revision
      switch event.kind {
      case .put: fragments.append(WatchEvent(.put, keyValue, previous: event.previous))
      case .delete: fragments.append(.delete(keyValue.key, at: revision, previous: event.previous))
      case .unknown: return .violation("an event of an unknown kind")
      }
    }
    guard fragments.count <= Self.maximumEvents else { return .violation("a revision of endless fragments") }
    if message.fragment { return .incomplete }
    let events = fragments
    fragments = []
    return .complete(events)
  }
}
