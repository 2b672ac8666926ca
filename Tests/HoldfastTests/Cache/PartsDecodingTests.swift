import Holdfast
import Testing

/// Long lists, and many events at a time, are decoded by several tasks.
@Suite struct PartsDecodingTests {
  private static func keyValues(_ count: Int) throws -> [KeyValue] {
    try (0..<count).map { n in
      let item = Item(id: "k\(n)", n: n)
      let value = n % 100 == 7 ? Array("{".utf8) : try items.encode(item)
      return KeyValue(
        key: items.storeKey(for: item.id), value: value, createRevision: 1, modRevision: 1, version: 1)
    }
  }

  private static let lengths = {
    let (short, long) = (CacheDecoder<Item>.shortestPart, CacheDecoder<Item>.longestPart)
    return [0, 1, 2 * short - 1, 2 * short, 5 * short + 1, 2 * long, 2 * long + 1, 9 * long + 100]
  }()

  @Test(arguments: lengths, [1, 2, 3, 64])
  func orderAndErrorsAreThoseOfTheList(_ count: Int, _ workers: Int) async throws {
    let keyValues = try Self.keyValues(count)
    let codec = CountingCodec()
    let decoder = CacheDecoder(Keyspace<Item>(prefix: items.prefix, codec: codec) { $0.id })
    let records = try await decoder.records(keyValues, workers: workers)
    #expect(records.count == count && zip(records, keyValues).allSatisfy { $0.isHeld(as: $1) })
    #expect(records.allSatisfy { $0.keyValue == nil }, "nothing is kept that is not needed")
    #expect(codec.take().count == count)
    #expect(codec.most <= workers)
    for (n, record) in records.enumerated() {
      if n % 100 == 7 {
        #expect(code { try decoder.value(of: record) } == .decodingFailed)
      } else {
        #expect(try decoder.value(of: record).value == Item(id: "k\(n)", n: n))
      }
    }
  }

  @Test(arguments: lengths, [1, 2, 3, 64])
  func changesAreThoseOfTheEvents(_ count: Int, _ workers: Int) async throws {
    let events = try Self.keyValues(count).enumerated().map { n, keyValue in
      n % 5 == 3
        ? WatchEvent.delete(keyValue.key, at: Revision(Int64(n + 2)))
        : WatchEvent(.put, keyValue)
    }
    let decoder = CacheDecoder(items)
    let changes = try await decoder.changes(events, workers: workers)
    #expect(changes.map(\.key) == events.map(\.key))
    #expect(changes.map(\.revision) == events.map(\.modRevision))
    for (n, change) in changes.enumerated() {
      guard case .put(let record) = change else {
        #expect(n % 5 == 3)
        continue
      }
      #expect((record.knownFailure?.code == .decodingFailed) == (n % 100 == 7))
    }
  }

  @Test func aCancelledListIsNotDecodedToItsEnd() async throws {
    let keyValues = try Self.keyValues(40 * CacheDecoder<Item>.longestPart)
    let codec = CountingCodec()
    let decoder = CacheDecoder(Keyspace<Item>(prefix: items.prefix, codec: codec) { $0.id })
    let task = Task {
      // The task that decodes is part of this one.
      codec.whileDecoding { _ in withUnsafeCurrentTask { $0?.cancel() } }
      return try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await decoder.records(keyValues, workers: 2).count }
        group.cancelAll()
        return try await group.next() ?? 0
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(codec.take().count < keyValues.count)
  }

  @Test func onDemandDecodesNothingOfAList() async throws {
    let codec = CountingCodec()
    let decoder = CacheDecoder(Keyspace<Item>(prefix: items.prefix, codec: codec) { $0.id }, .onDemand)
    let keyValues = try Self.keyValues(3 * CacheDecoder<Item>.longestPart)
    #expect(try await decoder.records(keyValues, workers: 2).map(\.keyValue) == keyValues)
    #expect(codec.take() == [])
  }
}
