import HoldfastCore
import Testing

@testable import Holdfast

/// Which operations of a transaction can be answered from the history, and from which revision.
@Suite struct HistoricAnswerTests {
  private let signature = Signature(key: "a/1", kind: .lease(LeaseID(7)))
  private let put = StoreRequest.put(PutRequest(key: "a/1", value: [1], lease: LeaseID(7), previous: true))

  private func reads(_ success: [StoreRequest], limit: Int = 128) -> [RangeRequest]? {
    HistoricAnswer(TransactionRequest(success: success), at: 20, signature, limit: limit)?.request.success.compactMap {
      if case .range(let range) = $0 { range } else { nil }
    }
  }

  private func range(_ range: KeyRange, at revision: Revision? = nil) -> StoreRequest {
    var request = RangeRequest(range)
    request.revision = revision
    request.serializable = true
    return .range(request)
  }

  @Test func readsBeforeAndAfterTheWritesSeeTheRevisionsBeforeAndAfter() {
    let asked = reads([
      range(.prefix("a/")), put, range(.prefix("a/")), range(.prefix("b/")), range(.prefix("a/"), at: 4),
    ])
    #expect(asked?.map(\.revision) == [19, 19, 20, 19, 4, 20])
    #expect(asked?.contains { $0.serializable } == false)
  }

  @Test func deletesAreCountedBefore() {
    let asked = reads([
      put, .deleteRange(DeleteRangeRequest(.prefix("b/"))), .deleteRange(DeleteRangeRequest(.key("c"), previous: true)),
    ])
    #expect(asked?.map(\.revision) == [19, 19, 19, 20])
    #expect(asked?.map(\.countOnly) == [false, true, false, false])
  }

  @Test func whatSawHalfOfTheTransactionCannotBeAnswered() {
    let second = StoreRequest.put(PutRequest(key: "a/2", value: [1]))
    #expect(reads([put, range(.prefix("a/")), second]) == nil)
    let delete = StoreRequest.deleteRange(DeleteRangeRequest(.prefix("b/")))
    #expect(reads([put, delete, delete]) == nil)
    #expect(reads([put, .transaction(TransactionRequest(success: []))]) == nil)
    #expect(reads([put, second], limit: 2) == nil)
    #expect(reads([put, second], limit: 3) != nil)
  }
}
