import HoldfastCore
import HoldfastEmbedded
import Testing

@testable import Holdfast

/// Of values that are decoded no bytes are kept. What a restored store has put in their place, under the same key and of the same
/// revisions and length, is recognised all the same.
@Suite struct RecordIdentityTests {
  private static let held = keyValue("1")
  private static let other = keyValue("2")

  private static func keyValue(_ value: String, _ change: (inout KeyValue) -> Void = { _ in }) -> KeyValue {
    var keyValue = KeyValue(
      key: "/p/a", value: Array(value.utf8), createRevision: 5, modRevision: 5, version: 1, lease: nil)
    change(&keyValue)
    return keyValue
  }

  private static func record(_ keyValue: KeyValue) -> CacheRecord {
    CacheRecord(keyValue: keyValue, keepsBytes: false)
  }

  private static func answer(_ keyValue: KeyValue, at revision: Revision) -> RangeResponse {
    RangeResponse(header: ResponseHeader(revision: revision), keyValues: [keyValue], count: 1)
  }

  private static let anchors = [ExactAnchorLimit(keys: 0), ExactAnchorLimit()]

  private static func live(_ anchors: ExactAnchorLimit = ExactAnchorLimit()) -> TestMachine {
    var machine = TestMachine(range: .prefix("/p/"), exactAnchors: anchors)
    _ = machine.handle(.start)
    _ = machine.handle(.listed(attempt: 1, header: ResponseHeader(revision: 7), records: [record(held)]))
    _ = machine.handle(.watchStarted(attempt: 1, ResponseHeader(revision: 7)))
    return machine
  }

  @Test(arguments: [
    other, keyValue("11"), keyValue("1") { $0.key = "/p/b" }, keyValue("1") { $0.modRevision = 6 },
    keyValue("1") { $0.createRevision = 4 }, keyValue("1") { $0.version = 2 }, keyValue("1") { $0.lease = LeaseID(1) },
  ])
  func everythingThatTheStoreSaysCounts(other: KeyValue) {
    #expect(Self.record(Self.held).isHeld(as: Self.held) && !Self.record(Self.held).isHeld(as: other))
    #expect(Self.record(Self.held) == CacheRecord(keyValue: Self.held), "whether or not the bytes are kept")
    #expect(Self.record(Self.held) != CacheRecord(keyValue: other) && Self.record(Self.held) != Self.record(other))
    #expect(Self.record(Self.held).keyValue == nil)
  }

  @Test(arguments: anchors) func anAnchorTells(anchors: ExactAnchorLimit) {
    var machine = Self.live(anchors)
    #expect(machine.handle(.anchorAnswered(attempt: 1, Self.answer(Self.held, at: 7))).names == ["live"])
    machine = Self.live(anchors)
    #expect(machine.handle(.anchorAnswered(attempt: 1, Self.answer(Self.other, at: 7))).names.first == "rewound")
  }

  @Test(arguments: anchors) func aProbeTells(anchors: ExactAnchorLimit) {
    for (keyValue, first) in [(Self.held, "proven 9"), (Self.other, "rewound")] {
      var machine = Self.live(anchors)
      _ = machine.handle(.anchorAnswered(attempt: 1, Self.answer(Self.held, at: 7)))
      let probe = machine.probe(at: .zero)
      #expect(machine.handle(.probed(probe, Self.answer(keyValue, at: 9))).names.first == first)
    }
  }

  @Test func aListTells() {
    for (keyValue, names) in [(Self.held, ["reached 9", "watch 2 from 10"]), (Self.other, ["epoch 1"])] {
      var machine = Self.live()
      _ = machine.handle(.watchEnded(attempt: 1, HoldfastError(.compacted, "")))
      let records = [Self.record(keyValue)]
      let actions = machine.handle(.listed(attempt: 2, header: ResponseHeader(revision: 9), records: records))
      #expect(Array(actions.names.prefix(names.count)) == names)
      #expect(machine.base.holds(keyValue))
    }
  }

  @Test func aVerificationTells() {
    #expect(Self.live().base.differences(from: [Self.held]) == [])
    #expect(Self.live().base.differences(from: [Self.other]) == ["/p/a"])
  }

  /// Of one length and one revision, through a cache as users have it.
  @Test func aCacheTakesWhatARestoredStoreHolds() async throws {
    try await withEmbedded { other in
      let again = try await other.foreignPut(items, Item(id: "a", n: 2))
      try await withItems { cache, _, backend in
        let first = try await backend.foreignPut(items, Item(id: "a", n: 1))
        #expect(again == first)
        try await cache.wait(for: first, timeout: .seconds(60))
        backend.setWatchCut(true)
        backend.replace(by: other)
        try await eventually { !cache.health.isLive }
        backend.setWatchCut(false)
        try await eventually { try cache.get("a")?.value.n == 2 }
        try await cache.waitUntilLive(timeout: .seconds(60))
        let verification = try await cache.verify()
        #expect(verification.isCorrect && verification.keys == 1)
      }
    }
  }
}
