import HoldfastCore
import HoldfastEmbedded
import Testing

/// The pure core, where absolute revisions and sizes can be told.
@Suite struct MVCCStoreTests {
  private var store = MVCCStore(clusterID: 7, memberID: 8)

  private mutating func put(_ key: Key, _ value: [UInt8] = []) throws -> Revision {
    try store.put(PutRequest(key: key, value: value)).header.revision
  }

  @Test mutating func beginsLikeEtcd() throws {
    #expect(store.revision == 1)
    #expect(store.header.clusterID == 7)
    #expect(store.header.memberID == 8)
    #expect(try store.deleteRange(DeleteRangeRequest(.all)).header.revision == 1)
    #expect(try put("a") == 2)
    #expect(try put("b") == 3)
    #expect(try store.range(RangeRequest(.all)).header.revision == 3)
  }

  @Test mutating func aCopyIsASnapshot() throws {
    _ = try put("a", [1])
    let copy = store
    _ = try put("a", [2])
    #expect(try copy.range(RangeRequest(.key("a"))).keyValues.first?.value == [1])
    #expect(try store.range(RangeRequest(.key("a"))).keyValues.first?.value == [2])
  }

  @Test mutating func compactionGivesMemoryBack() throws {
    for _ in 0..<100 { _ = try put("a", Array(repeating: 0, count: 1_000)) }
    _ = try store.deleteRange(DeleteRangeRequest(.all))
    _ = try put("b")
    let before = store.size
    _ = try store.compact(CompactRequest(store.revision))
    #expect(store.size < 200 && before > 100_000)
    #expect(try store.range(RangeRequest(.all)).count == 1)
    #expect(store.compactRevision == 103)
  }

  @Test mutating func compactingToZeroIsAccepted() throws {
    _ = try store.compact(CompactRequest(0))
    #expect(throws: HoldfastError.self) { try store.compact(CompactRequest(0)) }
    #expect(throws: HoldfastError.self) { try MVCCStore(clusterID: 1, memberID: 1).range(RangeRequest(.key(""))) }
  }

  /// Both were seen on etcd 3.4.23 and 3.5.1: its search for duplicates has these gaps.
  @Test mutating func appliesWhatEtcdsDuplicateCheckLetsPass() throws {
    let put = StoreRequest.put(PutRequest(key: "a", value: [1]))
    let delete = StoreRequest.deleteRange(DeleteRangeRequest(.key("a"), previous: true))
    let nested = try store.transact(
      TransactionRequest(success: [
        .transaction(TransactionRequest(success: [put])), .transaction(TransactionRequest(success: [delete])),
        .range(RangeRequest(.all)),
      ]))
    #expect(nested.header.revision == 2)
    guard case .range(let range) = nested.responses[2] else { return #expect(Bool(false), "no range") }
    #expect(range.count == 0)

    _ = try store.put(PutRequest(key: "a", value: [0]))
    let open = try store.transact(
      TransactionRequest(success: [.deleteRange(DeleteRangeRequest(.from("a"))), put]))
    #expect(open.header.revision == 4)
    let keyValue = try #require(try store.range(RangeRequest(.all)).keyValues.first)
    #expect(keyValue == KeyValue(key: "a", value: [1], createRevision: 4, modRevision: 4, version: 1))
    var cursor = WatchCursor(WatchRequest(.all, from: 2))
    _ = try store.next(&cursor)
    guard case .batch(let batch) = try store.next(&cursor) else { return #expect(Bool(false), "no batch") }
    #expect(batch.events.map(\.kind) == [.put, .delete, .put, .delete, .put])
    #expect(batch.events.map(\.modRevision) == [2, 2, 3, 4, 4])
  }

  @Test mutating func errorsSayTheRevision() throws {
    _ = try put("a")
    let lease = PutRequest(key: "a", value: [], lease: LeaseID(5))
    let error = #expect(throws: HoldfastError.self) { try store.put(lease) }
    #expect(error?.code == .leaseNotFound)
    #expect(error?.key == "a")
    #expect(error?.outcome == .refused)
    #expect(error?.revision == 2)
    var read = RangeRequest(.all)
    read.revision = 3
    let future = #expect(throws: HoldfastError.self) { try store.range(read) }
    #expect(future?.code == .futureRevision)
    #expect(future?.outcome == nil)
    let transaction = TransactionRequest(success: [.range(read)])
    let reading = #expect(throws: HoldfastError.self) { try store.transact(transaction) }
    #expect(reading?.outcome == nil)
  }
}
