import HoldfastCore
import Testing

@testable import Holdfast

/// What local readers see of what is published.
@Suite struct CacheIndexTests {
  private static func keyValue(_ value: String) throws -> KeyValue {
    KeyValue(
      key: items.storeKey(for: "a"), value: Array(value.utf8), createRevision: 5, modRevision: 5, version: 1, lease: nil
    )
  }

  private static let good = #"{"id":"a","n":1}"#

  private static func read(_ index: CacheIndex, _ decoder: CacheDecoder<Item>) throws -> Int? {
    switch try index.find("a") {
    case .nothing: nil
    case .value(let outcome): Stored<Item>(outcome).value.n
    case .other(let record): try decoder.value(of: record).value.n
    }
  }

  /// A store that was restored has again what had been deleted: the same record is shown a second time, as a copy of its entry.
  @Test(arguments: [CacheConfiguration.Decoding.eager, .onDemand], [true, false])
  func aRecordIsShownAgain(_ policy: CacheConfiguration.Decoding, isReadBefore: Bool) throws {
    let index = CacheIndex(prefix: items.prefix)
    let decoder = CacheDecoder(items, policy)
    let (good, bad) = (decoder.record(try Self.keyValue(Self.good)), decoder.record(try Self.keyValue("no JSON")))
    for record in [good, bad] {
      for round in 1...3 as ClosedRange<Int64> {
        index.publish([VisibleChange(key: record.key, record: record)], reached: Revision(2 * round))
        if isReadBefore || round == 3 {
          if record == good {
            #expect(try Self.read(index, decoder) == 1)
          } else {
            let error = #expect(throws: HoldfastError.self) { try Self.read(index, decoder) }
            #expect(error?.code == .decodingFailed)
          }
        }
        index.publish([VisibleChange(key: record.key, record: nil)], reached: Revision(2 * round + 1))
        #expect(try Self.read(index, decoder) == nil)
      }
    }
  }
}
