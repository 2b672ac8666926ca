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

  /// More than the part of one revision can be that is here while the rest is yet to come, on any server that limits its
  /// requests: fragments without end do not eat all memory.
  static var maximumEvents: Int { 10_000_000 }
  static var maximumBytes: Int { 64 << 20 }

  private var fragments: [WatchEvent] = []
  /// The revision of the last event seen, of those that were dropped too.
  private var last = Revision.zero

  var isEmpty: Bool { fragments.isEmpty }

  mutating func add(
    _ message: WatchMessage, _ header: ResponseHeader, in range: KeyRange, from start: Revision
  ) -> Outcome {
    if fragments.isEmpty { fragments.reserveCapacity(message.events.count) }
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
    return message.fragment ? takeWhole() : takeAll()
  }

  private mutating func takeAll() -> Outcome {
    defer { fragments = [] }
    return .complete(fragments)
  }

  /// A fragment may end within a revision, the last one. Those before are whole.
  private mutating func takeWhole() -> Outcome {
    let whole = fragments.lastIndex { $0.modRevision < last }.map { $0 + 1 } ?? 0
    let events = Array(fragments[..<whole])
    fragments.removeFirst(whole)
    let bytes = fragments.reduce(0) { $0 + $1.bytes }
    guard fragments.count <= Self.maximumEvents, bytes <= Self.maximumBytes else {
      return .violation("a revision of endless fragments")
    }
    return events.isEmpty ? .incomplete : .complete(events)
  }
}

extension WatchEvent {
  fileprivate var bytes: Int { keyValue.bytes + (previous?.bytes ?? 0) }
}

extension KeyValue {
  fileprivate var bytes: Int { key.bytes.count + value.count }
}
