import HoldfastCore
import Synchronization
import Testing

@Suite("Watches of a store of one's own")
struct WatchUpdatesTests {
  @Test("every iteration starts anew, hands updates on in order and ends with the error")
  func making() async {
    let updates = WatchUpdates.making {
      let count = Counter()
      return { () async throws(HoldfastError) -> WatchUpdate? in
        let number = count.next()
        guard number < 3 else { throw HoldfastError(.compacted, "gone", compactRevision: 7) }
        return .progress(WatchProgress(revision: Revision(number), isOrdered: true))
      }
    }
    for _ in 0..<2 {
      var seen: [Revision] = []
      do {
        for try await update in updates {
          if case .progress(let progress) = update { seen.append(progress.revision) }
        }
        Issue.record("the watch ended without its error")
      } catch {
        #expect(error.compactRevision == 7)
      }
      #expect(seen == [1, 2])
    }
  }
}

private final class Counter: Sendable {
  private let value = Atomic<Int64>(0)

  func next() -> Int64 { value.add(1, ordering: .relaxed).newValue }
}
