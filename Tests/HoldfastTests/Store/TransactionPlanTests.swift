import HoldfastCore
import Testing

@testable import Holdfast

/// What is refused by name before anything is sent, what a refusal says, and what an answer has written.
@Suite struct TransactionPlanTests {
  private func put(_ key: Key, previous: Bool = true) -> StoreRequest {
    .put(PutRequest(key: key, value: [1], previous: previous))
  }
  private func delete(_ range: KeyRange) -> StoreRequest { .deleteRange(DeleteRangeRequest(range)) }
  private func header(_ revision: Revision) -> ResponseHeader { ResponseHeader(revision: revision) }
  private func entry(_ key: Key, _ revision: Revision) -> KeyValue {
    KeyValue(key: key, value: [0], createRevision: 2, modRevision: revision, version: 3)
  }

  @Test func overlap() throws {
    try [put("a"), put("b"), delete(.key("c")), delete(.prefix("d/")), delete(.prefix("d/e"))].checkOverlap()
    // A prefix is no text: what begins like it but sorts outside it is another key.
    try [put("a0"), delete(.prefix("a/"))].checkOverlap()
    for (requests, key) in [
      ([put("a"), put("b"), put("a")], "a"), ([put("a"), delete(.key("a"))], "a"),
      ([delete(.prefix("a/")), put("b"), put("a/1")], "a/1"), ([put("z"), delete(.from("y"))], "z"),
      ([put("a/2"), put("a/1"), delete(.all)], "a/1"),
    ] as [([StoreRequest], Key)] {
      let error = #expect(throws: HoldfastError.self) { try requests.checkOverlap() }
      #expect(error?.code == .duplicateKey)
      #expect(error?.key == key)
      #expect(error?.outcome == .refused)
    }
  }

  @Test func moreThanTheStoreTakesIsRefusedByName() throws {
    let requests = (0..<4).map { put(Key("k\($0)")) }
    let operation = OperationPlan(name: "put", guards: [], requests: requests, ttl: nil, isSplittable: false)
    let plan = TransactionPlan(operations: [operation, operation], conditions: [])
    let limits = BackendLimits(transactionOperations: 7)
    let error = #expect(throws: HoldfastError.self) { try plan.validate(plan.request(), limits: limits) }
    #expect(error?.code == .tooManyOperations)
    #expect(error?.outcome == .refused)
    #expect(error?.message.contains("8 operations") == true)
    #expect(error?.message.contains("put ×4, put ×4") == true)
  }

  @Test func theFailureBranchReadsEveryGuardOnce() throws {
    let guards = [
      Guard(Compare(key: "a", .createRevision(.zero)), .create), Guard(Compare(key: "b", .modRevision(7)), .revision),
    ]
    let operation = OperationPlan(name: "x", guards: guards, requests: [put("a")], ttl: nil, isSplittable: false)
    let plan = TransactionPlan(operations: [operation], conditions: [.missing("a"), .exists("c")])
    let request = plan.request(leases: [0: Lease(id: LeaseID(9), ttl: .seconds(1), header: header(1))])
    #expect(request.compares.count == 4)
    #expect(request.failure == (["a", "c", "b"] as [Key]).map { StoreRequest.range(RangeRequest(.key($0))) })
    guard case .put(let put)? = request.success.first else { throw NoPut() }
    #expect(put.lease == LeaseID(9))
  }

  @Test(
    arguments: [
      (Guard.Meaning.create, Compare(key: "a", .createRevision(.zero)), true, .alreadyExists),
      (.revision, Compare(key: "a", .modRevision(4)), true, .revisionMismatch),
      (.revision, Compare(key: "a", .modRevision(4)), false, .revisionMismatch),
      (.condition, Compare(key: "a", .version(1)), true, .constraintViolated),
      (.condition, Compare(key: "a", .createRevision(.zero), .greater), false, .constraintViolated),
    ] as [(Guard.Meaning, Compare, Bool, HoldfastError.Code)])
  func refusals(meaning: Guard.Meaning, compare: Compare, exists: Bool, code: HoldfastError.Code) {
    let holding = Guard(Compare(key: "b", .version(0), .greater), .condition)
    let operation = OperationPlan(
      name: "x", guards: [holding, Guard(compare, meaning)], requests: [put("a")], ttl: nil, isSplittable: false)
    let plan = TransactionPlan(operations: [operation], conditions: [])
    let response = TransactionResponse(
      header: header(9), succeeded: false,
      responses: [
        .range(RangeResponse(header: header(9), keyValues: [entry("b", 3)], more: false, count: 1)),
        .range(RangeResponse(header: header(9), keyValues: exists ? [entry("a", 5)] : [], more: false, count: 1)),
      ])
    let error = plan.refusal(response)
    #expect(error.code == code)
    #expect(error.key == "a")
    #expect(error.revision == 9)
    #expect(error.outcome == .refused)
    #expect(error.current == (exists ? entry("a", 5) : nil))
  }

  /// A condition on a large range must not make the store answer with all of it.
  @Test func aRefusedRangeConditionReadsLittle() throws {
    let conditions: [Condition] = [
      .noneExists(in: .prefix("big/")), .noneModified(in: .prefix("big/"), after: 6),
      Condition(Compare(.prefix("big/"), .version(1), .greater)),
    ]
    let operation = OperationPlan(name: "x", guards: [], requests: [put("a")], ttl: nil, isSplittable: false)
    let plan = TransactionPlan(operations: [operation], conditions: conditions)
    let reads = plan.request().failure.compactMap { if case .range(let read) = $0 { read } else { nil } }
    #expect(reads.map(\.limit) == [1, 1, 1_000])
    #expect(reads.map(\.minModRevision) == [nil, 7, nil])
    #expect(reads.map(\.keysOnly) == [false, false, true])
    func refusal(_ found: [[KeyValue]]) -> HoldfastError {
      plan.refusal(
        TransactionResponse(
          header: header(9), succeeded: false,
          responses: found.map { .range(RangeResponse(header: header(9), keyValues: $0, more: true, count: 5_000)) }))
    }
    #expect(refusal([[entry("big/1", 5)], [], []]).current == entry("big/1", 5))
    let old = KeyValue(key: "big/1", value: [], createRevision: 2, modRevision: 3, version: 1)
    let third = TransactionPlan(operations: [operation], conditions: [conditions[2]])
    let answer = TransactionResponse(
      header: header(9), succeeded: false,
      responses: [.range(RangeResponse(header: header(9), keyValues: [old], more: true, count: 5_000))])
    // None of those that were read has a version of one or less but this one, of which the value was not read.
    #expect(third.refusal(answer).key == "big/1")
    #expect(third.refusal(answer).current == nil)
    #expect(third.refusal(answer).code == .constraintViolated)
  }

  @Test func anAnswerOfTheWrongSizeIsNoAnswer() throws {
    let operation = OperationPlan(name: "x", guards: [], requests: [put("a")], ttl: nil, isSplittable: false)
    let plan = TransactionPlan(operations: [operation], conditions: [])
    let error = #expect(throws: HoldfastError.self) {
      try plan.answers(TransactionResponse(header: header(9), succeeded: true, responses: []), leases: [:])
    }
    #expect(error?.code == .protocolViolation)
    #expect(error?.outcome == .applied)
  }

  /// Only the branch that was taken, nested transactions included, all at the outer revision.
  @Test func effects() {
    var keeping = PutRequest(key: "kept", value: [], previous: true)
    keeping.ignoreValue = true
    var blind = PutRequest(key: "blind", value: [])
    blind.ignoreLease = true
    let inner = TransactionRequest(success: [put("no")], failure: [put("nested"), delete(.prefix("d/"))])
    let request = TransactionRequest(
      success: [
        put("new"), .put(keeping), .range(RangeRequest(.all)), .transaction(inner), .put(blind),
        put("unasked", previous: false),
      ],
      failure: [put("never")])
    let noRange = RangeResponse(header: header(9), keyValues: [], more: false, count: 0)
    let response = TransactionResponse(
      header: header(9), succeeded: true,
      responses: [
        .put(PutResponse(header: header(9))), .put(PutResponse(header: header(9), previous: entry("kept", 5))),
        .range(noRange),
        .transaction(
          TransactionResponse(
            header: header(0), succeeded: false,
            responses: [
              .put(PutResponse(header: header(0), previous: entry("nested", 4))),
              .deleteRange(DeleteRangeResponse(header: header(0), deleted: 3)),
            ])), .put(PutResponse(header: header(9))), .put(PutResponse(header: header(9))),
      ])
    let effects = Effects(request, response)
    #expect(
      effects.writes == [
        .put(KeyValue(key: "new", value: [1], createRevision: 9, modRevision: 9, version: 1)),
        .put(KeyValue(key: "kept", value: [0], createRevision: 2, modRevision: 9, version: 4)),
        .put(KeyValue(key: "nested", value: [1], createRevision: 2, modRevision: 9, version: 4)),
        .delete(.prefix("d/")),
      ])
    #expect(effects.unresolved == ["blind", "unasked"])
  }

  /// A version is the server's word: the largest one has no next.
  @Test func aPreviousVersionAtTheEndOfTheNumbers() {
    let last = KeyValue(key: "a", value: [], createRevision: 2, modRevision: 3, version: .max)
    let response = TransactionResponse(
      header: header(9), succeeded: true, responses: [.put(PutResponse(header: header(9), previous: last))])
    let written = KeyValue(key: "a", value: [1], createRevision: 2, modRevision: 9, version: .max)
    #expect(Effects(TransactionRequest(success: [put("a")]), response).writes == [.put(written)])
  }
}

private struct NoPut: Error {}
