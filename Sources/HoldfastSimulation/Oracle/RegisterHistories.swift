import HoldfastCore

/// What clients were told of each key, to be judged as one register a key.
///
/// A restore is not linearizable by nature: each of the store's histories is judged alone, from the state that it began with.
/// An operation that was on its way at a restore counts in the history that answered it; in those before, which may have
/// applied it without anybody knowing, its outcome is unknown.
struct RegisterHistories {
  /// Values are told apart by their tokens; nil is an absent key.
  enum Told: Hashable {
    case read(UInt32?)
    case write(UInt32?)
    /// A write that was told what it replaced.
    case replace(UInt32?, by: UInt32?)
    /// A write if the key is at a revision; zero is an absent key.
    case compareAndSet(Revision, UInt32?, succeeded: Bool)
  }

  private struct Entry {
    let key: Int
    let told: Told
    let invoked: Int
    let returned: Int?
  }

  private struct Segment {
    let start: Int
    var entries: [Entry] = []
  }

  /// One for each history of the oracle.
  private var segments = [Segment(start: 0)]
  private var instant = 0

  /// A number that no other request or answer has, higher than those of before.
  mutating func nextInstant() -> Int {
    instant += 1
    return instant
  }

  mutating func restored() {
    segments.append(Segment(start: nextInstant()))
  }

  /// A read that says what the store holds. One that was on its way at a restore is left out: which history it is of is not
  /// known.
  mutating func recordRead(_ key: Int, token: UInt32?, invoked: Int, returned: Int) {
    guard let last = segments.indices.last, invoked > segments[last].start else { return }
    segments[last].entries.append(Entry(key: key, told: .read(token), invoked: invoked, returned: returned))
  }

  /// What a history of the store answered, `attempted` being what it may have done in those before.
  mutating func record(
    _ told: Told, attempted: Told?, of key: Int, invoked: Int, returned: Int, in history: Int
  ) {
    for index in segments.indices where index <= history && ends(index) > invoked {
      if index == history {
        let (start, end) = (segments[index].start, ends(index))
        let entry = Entry(key: key, told: told, invoked: max(invoked, start), returned: min(returned, end))
        segments[index].entries.append(entry)
      } else if let attempted {
        add(attempted, of: key, invoked: invoked, to: index)
      }
    }
  }

  /// A write of which nobody knows what became.
  mutating func recordUnknown(_ attempted: Told, of key: Int, invoked: Int) {
    for index in segments.indices where ends(index) > invoked { add(attempted, of: key, invoked: invoked, to: index) }
  }

  private mutating func add(_ attempted: Told, of key: Int, invoked: Int, to index: Int) {
    let start = max(invoked, segments[index].start)
    segments[index].entries.append(Entry(key: key, told: attempted, invoked: start, returned: nil))
  }

  private func ends(_ index: Int) -> Int { index + 1 < segments.count ? segments[index + 1].start : .max }

  /// A key's operations in a history. `token` says what the key held as of a revision that it was changed at.
  func operations(of key: Int, in history: Int, token: (Revision) -> UInt32?) -> [RegisterOperation] {
    segments[history].entries.lazy.filter { $0.key == key }.map { entry in
      RegisterOperation(entry.told.action(token), invoked: entry.invoked, returned: entry.returned)
    }
  }
}

extension RegisterHistories.Told {
  /// No value has it: a compare with a revision that the key never had does not succeed.
  private static let never = UInt64.max

  fileprivate func action(_ token: (Revision) -> UInt32?) -> RegisterOperation.Action {
    switch self {
    case .read(let value): .read(value.map(UInt64.init))
    case .write(let value): .write(value.map(UInt64.init))
    case .replace(let previous, let value):
      .compareAndSet(expected: previous.map(UInt64.init), new: value.map(UInt64.init), succeeded: true)
    case .compareAndSet(let revision, let value, let succeeded):
      .compareAndSet(
        expected: revision == .zero ? nil : token(revision).map(UInt64.init) ?? Self.never,
        new: value.map(UInt64.init), succeeded: succeeded)
    }
  }
}
