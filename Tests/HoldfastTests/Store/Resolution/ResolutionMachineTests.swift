import HoldfastCore
import Testing

@testable import Holdfast

/// What is concluded from what a key holds after a write whose answer was lost: a row for each case.
@Suite struct ResolutionMachineTests {
  private static let lease = LeaseID(7)
  private let own: [UInt8] = [1]
  private let other: [UInt8] = [2]

  /// What the write requires of its key.
  enum Sort: CaseIterable { case create, update, put }

  private func request(_ sort: Sort, lease: LeaseID? = lease) -> TransactionRequest {
    let put = PutRequest(key: "k", value: own, lease: lease, previous: true)
    let compares: [Compare] =
      switch sort {
      case .create: [Compare(key: "k", .modRevision(.zero))]
      case .update: [Compare(key: "k", .modRevision(10))]
      case .put: []
      }
    return TransactionRequest(compares: compares, success: [.put(put)])
  }

  private func machine(
    _ sort: Sort, _ kind: Signature.Kind? = nil, lease: LeaseID? = nil, known: Revision = 15, attempts: Int = 6
  ) -> ResolutionMachine {
    var configuration = ResolutionConfiguration()
    configuration.attempts = attempts
    let signatures = kind.map { [Signature(key: "k", kind: $0)] } ?? []
    return ResolutionMachine(
      request(sort, lease: lease ?? (kind == .lease(Self.lease) ? Self.lease : nil)), signatures: signatures,
      known: known, limit: 128, configuration: configuration)
  }

  private func held(
    _ value: [UInt8], at revision: Revision, created: Revision = 5, version: Int64 = 4, lease: LeaseID? = nil
  ) -> KeyValue {
    KeyValue(
      key: "k", value: value, createRevision: created, modRevision: revision, version: version, lease: lease)
  }

  /// What an update at revision 10 replaces.
  private var replaced: KeyValue { held([0], at: 10, version: 3) }

  private func answer(_ held: [KeyValue?], at revision: Revision = 30) -> ResolutionMachine.Input {
    let header = ResponseHeader(revision: revision)
    let ranges = held.map {
      StoreResponse.range(RangeResponse(header: header, keyValues: $0.map { [$0] } ?? [], count: $0 == nil ? 0 : 1))
    }
    return .answered(TransactionResponse(header: header, succeeded: true, responses: ranges), isSameEpoch: true)
  }

  private func reads(_ action: ResolutionMachine.Action) -> [RangeRequest]? {
    guard case .read(let request) = action else { return nil }
    return request.success.compactMap { if case .range(let range) = $0 { range } else { nil } }
  }

  private func done(_ action: ResolutionMachine.Action) -> ResolutionMachine.Resolution? {
    if case .done(let resolution) = action { resolution } else { nil }
  }

  private func waits(_ action: ResolutionMachine.Action) -> Bool { if case .wait = action { true } else { false } }

  // MARK: - What is asked

  @Test func nothingIsAskedWhereNothingCouldTell() {
    for sort in [Sort.create, .put] {
      var machine = machine(sort)
      #expect(done(machine.handle(.start)) == .unknown)
    }
    // A lease that was handed in is no signature, and a delete leaves nothing behind.
    var shared = machine(.create, lease: LeaseID(9))
    #expect(done(shared.handle(.start)) == .unknown)
    var delete = ResolutionMachine(
      TransactionRequest(
        compares: [Compare(key: "k", .modRevision(10))], success: [.deleteRange(DeleteRangeRequest(.key("k")))]),
      signatures: [], known: 15, limit: 128)
    #expect(done(delete.handle(.start)) == .unknown)
  }

  @Test func nothingButReadsIsEverAsked() {
    var machine = machine(.update, .lease(Self.lease))
    let asked = reads(machine.handle(.start))
    #expect(asked?.map(\.range) == [.key("k"), .key("k"), .key("k")])
    #expect(asked?.map(\.revision) == [nil, nil, 10])
    #expect(asked?.contains { $0.serializable } == false)
  }

  /// What is replaced may be long ago, and compacted.
  @Test func thePastIsReadAtTheHighestKnownRevisionWhereItsOwnIsGone() {
    var machine = machine(.update)
    #expect(reads(machine.handle(.start))?.map(\.revision) == [nil, 10])
    #expect(reads(machine.handle(.failed(HoldfastError(.compacted, ""))))?.map(\.revision) == [nil, 15])
    let now = held(other, at: 20)
    #expect(done(machine.handle(answer([now, replaced]))) == .refused("k", current: now, at: 30))
  }

  // MARK: - Refused

  @Test func aReplacedRevisionThatSomebodyElseReplacedIsRefused() {
    for kind in [nil, .lease(Self.lease), .value([1])] as [Signature.Kind?] {
      var machine = machine(.update, kind)
      _ = machine.handle(.start)
      let now = held(other, at: 20)
      let signed = kind == nil ? [] : [now as KeyValue?]
      #expect(done(machine.handle(answer(signed + [now, replaced]))) == .refused("k", current: now, at: 30))
    }
  }

  /// The same bytes, but not the lease that this write would have given them.
  @Test func equalBytesWithAnotherLeaseAreSomebodyElses() {
    var machine = machine(.update, .lease(Self.lease))
    _ = machine.handle(.start)
    let now = held(own, at: 20)
    #expect(done(machine.handle(answer([now, now, replaced]))) == .refused("k", current: now, at: 30))
  }

  @Test(arguments: [
    ("the guard still matches: it may be under way", 0), ("equal bytes: ours or another's", 1),
    ("two writes since: the first may have been ours", 2), ("deleted since: it may have been there", 3),
    ("created anew since", 4), ("the past has another revision of it", 5), ("the past has nothing", 6),
    ("other version than the past tells", 7),
  ])
  func anUpdateStaysUnknown(_: String, row: Int) {
    let rows: [(now: KeyValue?, before: KeyValue?)] = [
      (replaced, replaced), (held(own, at: 20), replaced), (held(other, at: 20, version: 5), replaced), (nil, replaced),
      (held(other, at: 20, created: 18, version: 1), replaced), (held(other, at: 20), held([0], at: 9, version: 3)),
      (held(other, at: 20), nil), (held(other, at: 20, version: 3), replaced),
    ]
    var machine = machine(.update)
    _ = machine.handle(.start)
    #expect(done(machine.handle(answer([rows[row].now, rows[row].before]))) == .unknown)
  }

  @Test func nothingIsRefusedOnceARestoreIsKnown() {
    var machine = machine(.update)
    _ = machine.handle(.start)
    guard case .answered(let response, _) = answer([held(other, at: 20), replaced]) else { return }
    #expect(done(machine.handle(.answered(response, isSameEpoch: false))) == .unknown)
  }

  @Test(arguments: [HoldfastError.Code.compacted, .futureRevision])
  func nothingIsRefusedWithoutThePast(code: HoldfastError.Code) {
    var machine = machine(.update, known: .zero)
    _ = machine.handle(.start)
    #expect(done(machine.handle(.failed(HoldfastError(code, "")))) == .unknown)
    // But its signature can still be found.
    var signed = self.machine(.update, .lease(Self.lease), known: .zero)
    _ = signed.handle(.start)
    #expect(reads(signed.handle(.failed(HoldfastError(code, ""))))?.map(\.revision) == [nil])
    #expect(reads(signed.handle(answer([held(own, at: 20, lease: Self.lease)])))?.map(\.revision) == [19, 20])
  }

  /// The key may have been created by this write, deleted, and created again; or be deleted before this write comes.
  @Test func aCreateIsNeverRefused() {
    for kind in [.lease(Self.lease), .value([1])] as [Signature.Kind] {
      var machine = machine(.create, kind)
      _ = machine.handle(.start)
      #expect(done(machine.handle(answer([held(other, at: 20, created: 20, version: 1)]))) == .unknown)
    }
  }

  // MARK: - Applied

  @Test(arguments: Sort.allCases, [Signature.Kind.lease(LeaseID(7)), .value([1])])
  func aKeyThatBearsTheSignatureShowsThatItWasApplied(sort: Sort, kind: Signature.Kind) throws {
    var machine = machine(sort, kind)
    _ = machine.handle(.start)
    let before = sort == .create ? nil : replaced
    let lease = kind == .lease(Self.lease) ? Self.lease : nil
    let now =
      sort == .create
      ? held(own, at: 20, created: 20, version: 1, lease: lease) : held(own, at: 20, lease: lease)
    let looked = sort == .update ? [now, now, replaced] : [now]
    #expect(reads(machine.handle(answer(looked)))?.map(\.revision) == [19, 20])
    guard case .applied(let response)? = done(machine.handle(answer([before, now], at: 33))) else {
      throw Failure()
    }
    #expect(response.succeeded)
    #expect(response.header.revision == 20)
    #expect(response.responses == [.put(PutResponse(header: ResponseHeader(revision: 33), previous: before))])
    #expect(Effects(request(sort, lease: lease), response).writes == [.put(now)])
  }

  /// Somebody wrote it again and kept the lease: applied, but at which revision is not known.
  @Test func aLeaseThatWasKeptByALaterWriteTellsNoRevision() {
    var machine = machine(.put, .lease(Self.lease))
    _ = machine.handle(.start)
    let now = held(other, at: 22, version: 5, lease: Self.lease)
    _ = machine.handle(answer([now]))
    let before = held(own, at: 20, lease: Self.lease)
    #expect(done(machine.handle(answer([before, now]))) == .appliedUnanswered(22))
  }

  /// Bytes that were there before the write could be: the promise that they are unique was broken.
  @Test func bytesThatTheGuardContradictsAreNotOurs() {
    var machine = machine(.update, .value(own))
    _ = machine.handle(.start)
    let now = held(own, at: 20, version: 6)
    _ = machine.handle(answer([now, now, replaced]))
    #expect(done(machine.handle(answer([held(other, at: 18, version: 5), now]))) == .unknown)
  }

  @Test func aRestoreBetweenTheReadsBeginsAnew() {
    var machine = machine(.create, .lease(Self.lease))
    _ = machine.handle(.start)
    let now = held(own, at: 20, created: 20, version: 1, lease: Self.lease)
    _ = machine.handle(answer([now]))
    #expect(waits(machine.handle(answer([nil, nil]))))
    #expect(reads(machine.handle(.waited))?.map(\.revision) == [nil])
    #expect(waits(machine.handle(answer([nil]))))
    #expect(done(machine.handle(.over)) == .unknown)
  }

  @Test func whatIsProvenStaysSoWithoutTheAnswer() {
    for input in [
      .over, .failed(HoldfastError(.compacted, "")), .failed(HoldfastError(.futureRevision, "")),
    ] as [ResolutionMachine.Input] {
      var machine = machine(.create, .lease(Self.lease))
      _ = machine.handle(.start)
      _ = machine.handle(answer([held(own, at: 20, created: 20, version: 1, lease: Self.lease)]))
      #expect(done(machine.handle(input)) == .appliedUnanswered(20))
    }
  }

  // MARK: - Patience

  /// Where the signature may still appear it is worth while to look again, for so long.
  @Test(arguments: Sort.allCases) func itLooksAgainWhileTheWriteMayCome(sort: Sort) {
    var machine = machine(sort, .lease(Self.lease), attempts: 3)
    let looked: [KeyValue?] =
      switch sort {
      case .create: [nil]
      case .update: [replaced, replaced, replaced]
      case .put: [held(other, at: 20)]
      }
    var pauses: [Duration] = []
    var action = machine.handle(.start)
    for _ in 0..<2 {
      #expect(reads(action) != nil)
      guard case .wait(let pause) = machine.handle(answer(looked)) else { return #expect(Bool(false), "no wait") }
      pauses.append(pause)
      action = machine.handle(.waited)
    }
    #expect(pauses == [.milliseconds(25), .milliseconds(50)])
    #expect(done(machine.handle(answer(looked))) == .unknown)
  }

  @Test func failedReadsAreRepeatedForSoLong() {
    var machine = machine(.update, attempts: 2)
    _ = machine.handle(.start)
    #expect(waits(machine.handle(.failed(HoldfastError(.unavailable, "")))))
    #expect(reads(machine.handle(.waited)) != nil)
    #expect(done(machine.handle(.failed(HoldfastError(.unavailable, "")))) == .unknown)
  }

  @Test func anAnswerThatIsNoneTellsNothing() {
    var machine = machine(.update)
    _ = machine.handle(.start)
    #expect(done(machine.handle(answer([held(other, at: 20)]))) == .unknown)
  }

  private struct Failure: Error {}
}
