import HoldfastCore
import Testing

@Suite struct CompareTests {
  private let held = KeyValue(
    key: "a", value: [0x80], createRevision: 5, modRevision: 7, version: 2, lease: LeaseID(9))

  private func relations(_ target: Compare.Target, for keyValue: KeyValue?) -> [Compare.Relation] {
    [.equal, .notEqual, .greater, .less].filter { Compare(key: "a", target, $0).holds(for: keyValue) }
  }

  @Test func comparesWhatAKeyHolds() {
    let equal: [Compare.Target] = [
      .version(2), .createRevision(5), .modRevision(7), .value([0x80]), .lease(LeaseID(9)),
    ]
    for target in equal { #expect(relations(target, for: held) == [.equal], "\(target)") }
    let smaller: [Compare.Target] = [
      .version(1), .createRevision(4), .modRevision(6), .value([0x7F, 0xFF]), .value([]), .lease(nil),
    ]
    for target in smaller { #expect(relations(target, for: held) == [.notEqual, .greater], "\(target)") }
    let greater: [Compare.Target] = [
      .version(3), .createRevision(6), .modRevision(8), .value([0x80, 0]), .lease(LeaseID(10)),
    ]
    for target in greater { #expect(relations(target, for: held) == [.notEqual, .less], "\(target)") }
  }

  @Test func anAbsentKeyIsZeroAndHasNoValue() {
    for target in [.version(0), .createRevision(.zero), .modRevision(.zero), .lease(nil)] as [Compare.Target] {
      #expect(relations(target, for: nil) == [.equal], "\(target)")
    }
    #expect(relations(.value([]), for: nil) == [])
    #expect(relations(.value([1]), for: nil) == [])
  }

  @Test func aKeyWithoutALeaseHasLeaseZero() {
    var free = held
    free.lease = nil
    #expect(relations(.lease(LeaseID(0)), for: free) == [.equal])
  }
}
