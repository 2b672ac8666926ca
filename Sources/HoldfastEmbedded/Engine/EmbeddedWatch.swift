internal import HoldfastCore
internal import Synchronization

/// One iteration of a watch on the engine. It holds nothing but its number: the engine keeps the cursor.
final class EmbeddedWatch: WatchSource {
  private let engine: EmbeddedEngine
  private let id: Int

  init(_ request: WatchRequest, of engine: EmbeddedEngine) {
    self.engine = engine
    let id = engine.makeID()
    self.id = id
    engine.state.withLock { $0.watches[id] = WatchCursor(request) }
  }

  deinit {
    engine.state.withLock { [id] in $0.watches[id] = nil }
  }

  func next() async throws(HoldfastError) -> WatchUpdate? {
    while !Task.isCancelled {
      if let update = try poll() { return update }
      await engine.wait(id, for: .watch)
    }
    return nil
  }

  private func poll() throws(HoldfastError) -> WatchUpdate? {
    do {
      return try engine.state.withLock { state in
        // There until the deinitialisation.
        guard var cursor = state.watches[id] else { return nil }
        let update = try state.store.next(&cursor)
        state.watches[id] = cursor
        return update
      }
    } catch {
      throw HoldfastError(wrapping: error)
    }
  }
}
