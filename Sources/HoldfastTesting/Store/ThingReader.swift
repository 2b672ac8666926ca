internal import Holdfast

/// Reads a watch of things step by step.
final class ThingReader {
  private var iterator: KeyspaceUpdates<Thing>.Iterator
  /// The changes that were read last.
  private(set) var last: [KeyspaceChange<Thing>] = []

  init(_ updates: KeyspaceUpdates<Thing>) { iterator = updates.makeAsyncIterator() }

  func next() async throws -> KeyspaceUpdate<Thing> {
    var iterator = iterator
    defer { self.iterator = iterator }
    guard let update = try await iterator.next() else { throw CancellationError() }
    return update
  }

  /// So many changes from one or more updates, as text.
  func changes(_ count: Int) async throws -> [String] {
    last = []
    while last.count < count {
      let update = try await next()
      try expectEqual(update.kind, .changes, "kind of update")
      try expectEqual(update.revision, update.changes.last?.revision, "revision of the update")
      last += update.changes
    }
    return last.map(\.summary)
  }
}

extension KeyspaceChange<Thing> {
  /// `created a=text`, `deleted a`, or `modified a!` for what does not decode.
  var summary: String {
    if let stored { return "\(kind) \(key)=\(stored.value.text)" }
    return "\(kind) \(key)" + (error == nil ? "" : "!")
  }
}
