import HoldfastCore
import HoldfastEmbedded
import Testing

/// Random writes on the store and on a plain model that copies everything at every revision.
@Suite struct DifferentialTests {
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func everyRevisionReadsAsTheModelSays(seed: UInt64) throws {
    var random = Random(state: seed)
    var store = MVCCStore(clusterID: 1, memberID: 1)
    var model: [Key: KeyValue] = [:]
    var history: [[Key: KeyValue]] = [[:], [:]]
    for _ in 0..<600 {
      let revision = store.revision.next
      var (operations, taken): ([StoreRequest], Set<Key>) = ([], [])
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let key = Key("\(Int.random(in: 0..<40, using: &random))")
        guard taken.insert(key).inserted else { continue }
        if Int.random(in: 0..<3, using: &random) == 0 {
          operations.append(.deleteRange(DeleteRangeRequest(.key(key))))
          model[key] = nil
        } else {
          let value = [UInt8.random(in: 0...255, using: &random)]
          operations.append(.put(PutRequest(key: key, value: value)))
          model[key] = KeyValue(
            key: key, value: value, createRevision: model[key]?.createRevision ?? revision, modRevision: revision,
            version: (model[key]?.version ?? 0) + 1)
        }
      }
      _ = try store.transact(TransactionRequest(success: operations))
      if store.revision == revision { history.append(model) } else { #expect(model == history.last) }
      if Int.random(in: 0..<100, using: &random) == 0, store.compactRevision ?? 0 < store.revision {
        _ = try store.compact(CompactRequest(store.revision))
      }
    }
    try check(store, history)
  }

  private func check(_ store: MVCCStore, _ history: [[Key: KeyValue]]) throws {
    #expect(Int(store.revision.rawValue) == history.count - 1)
    let first = store.compactRevision ?? 1
    for revision in first.rawValue...store.revision.rawValue {
      var request = RangeRequest(.all)
      request.revision = Revision(revision)
      let expected = history[Int(revision)].values.sorted { $0.key < $1.key }
      let actual = try store.range(request)
      #expect(actual.keyValues == expected)
      #expect(actual.count == Int64(expected.count))
    }
    // Replaying the events from the first revision gives the last state.
    var replayed = history[Int(first.rawValue)]
    var cursor = WatchCursor(WatchRequest(.all, from: first.next))
    while let update = try store.next(&cursor) {
      guard case .batch(let batch) = update else { continue }
      for event in batch.events { replayed[event.key] = event.kind == .put ? event.keyValue : nil }
    }
    #expect(replayed == history.last)
  }
}
