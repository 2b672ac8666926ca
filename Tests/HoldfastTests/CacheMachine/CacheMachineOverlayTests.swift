import Holdfast
import HoldfastCore
import Testing

/// How the overlay counts, clips and is bounded.
@Suite struct CacheMachineOverlayTests {
  @Test func writesAreClippedToTheRange() {
    var driver = MachineDriver(range: KeyRange(start: "/p/b", end: "/p/e"))
    driver.send(.start)
    driver.list(5, [machineRow("/p/b", "1", 2), machineRow("/p/c", "1", 2)])
    let outside: [WriteEffect] = [
      .put(machineRow("/p/a", "no", 6)), .put(machineRow("/p/e", "no", 6)), .delete(.prefix("/q/")),
      .delete(KeyRange(start: "/p/d", end: "/p/c")),
    ]
    #expect(
      driver.send(.acknowledged(outside, at: 6, changed: true, sent: WriteMark(epoch: 0, known: nil))).names == [])
    #expect(driver.machine.overlayCount == 0)
    let across = driver.send(
      .acknowledged(
        [.put(machineRow("/p/d", "1", 7)), .delete(.from("/p/c"))], at: 7, changed: true,
        sent: WriteMark(epoch: 0, known: nil)))
    #expect(across.names == ["publish [\"-/p/c\"]"])
    #expect(driver.machine.tombstoneCount == 1)
    // The range's edge keeps the delete away from what lies beyond.
    #expect(driver.machine.overlayBytes == Key("/p/c").bytes.count + Key("/p/e").bytes.count)
    driver.send(.acknowledged([.delete(.all)], at: 8, changed: true, sent: WriteMark(epoch: 0, known: nil)))
    #expect(driver.mirror.isEmpty)
    #expect(driver.machine.overlayCount == 1)
  }

  @Test func bytesAndCountsFollowEveryEntry() {
    var driver = MachineDriver.live(at: 10)
    driver.ack(11, .put("a", "12345"))
    #expect(driver.machine.overlayBytes == 4 + 5)
    driver.ack(12, .put("a", "1"))
    #expect(driver.machine.overlayBytes == 4 + 1)
    driver.ack(13, .delete("a"))
    #expect(driver.machine.overlayBytes == 4)
    #expect(driver.machine.tombstoneCount == 1)
    driver.ack(14, .deletePrefix("a"))
    #expect(driver.machine.overlayCount == 1)
    #expect(driver.machine.overlayBytes == 8)
    driver.progress(14)
    #expect(driver.machine.overlayBytes == 0)
  }

  @Test func tooManyEntriesForceOneList() {
    var driver = MachineDriver.live(at: 10, limit: OverlayLimit(entries: 3))
    for revision in 11...13 { driver.ack(Revision(Int64(revision)), .put("\(revision)", "1")) }
    #expect(driver.machine.phase == .live)
    #expect(driver.ack(14, .put("14", "1")).names == ["publish [\"+/p/14\"]", "list 2 after 0", "stale: timeout"])
    #expect(driver.ack(15, .put("15", "1")).names == ["publish [\"+/p/15\"]"])
    // Nothing of the old watch counts any more; the list covers it.
    #expect(driver.events((11, .put("11", "1"))).names == [])
    let rows = (11...14).map { machineRow("/p/\($0)", "1", Revision(Int64($0))) }
    #expect(driver.list(14, rows).names == ["reached 14", "watch 2 from 15"])
    #expect(driver.machine.overlayCount == 1)
    #expect(driver.view.count == 5)
  }

  @Test func tooManyBytesForceAList() {
    var driver = MachineDriver.live(at: 10, limit: OverlayLimit(bytes: 100))
    #expect(driver.ack(11, .put("a", String(repeating: "x", count: 50))).names.count == 1)
    #expect(driver.ack(12, .put("b", String(repeating: "x", count: 50))).names.contains("list 2 after 0"))
  }

  @Test func oneKeyOverAndOverDoesNotGrow() {
    var driver = MachineDriver.live(at: 10)
    driver.ack(11, .put("b", "once"))
    for revision in Int64(12)...2_000 { driver.ack(Revision(revision), .put("a", "\(revision)")) }
    #expect(driver.machine.overlayCount == 2)
    driver.progress(1_999)
    #expect(driver.machine.overlayCount == 1)
    driver.progress(2_000)
    #expect(driver.machine.overlayCount == 0)
  }

  @Test func anotherEpochAndImpossibleRevisionsAreIgnored() {
    var driver = MachineDriver.live(at: 10)
    #expect(driver.ack(11, epoch: 1, .put("a", "1")).names == [])
    #expect(driver.ack(11, epoch: -1, .put("a", "1")).names == [])
    #expect(driver.ack(10, .put("a", "1")).names == [])
    #expect(driver.ack(0, .put("a", "1")).names == [])
    #expect(driver.ack(Revision(.min), .put("a", "1")).names == [])
    #expect(driver.machine.overlayCount == 0)
  }

  /// Overlapping range deletes in any order against the plain maximum of all that cover a key.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func rangeTombstonesKeepTheMaximum(seed: UInt64) {
    var random = MachineRandom(seed: seed)
    var driver = MachineDriver.live(at: 10)
    let keys = (0..<12).map { Key("/p/\($0 + 10)") }
    // One put for each key, at odd revisions; deletes at even ones.
    var puts = keys.map { _ in Int64(random.below(40)) * 2 + 11 }
    puts.shuffle(using: &random)
    let deletes = (0..<8).map { _ -> (KeyRange, Int64) in
      let bounds = [random.below(12), random.below(12)].sorted()
      let end = random.below(6) == 0 ? nil : Key("/p/\(bounds[1] + 10)")
      return (KeyRange(start: keys[bounds[0]], end: end), Int64(random.below(40)) * 2 + 12)
    }
    var inputs: [([WriteEffect], Int64)] = deletes.map { ([.delete($0.0)], $0.1) }
    for (key, put) in zip(keys, puts) {
      inputs.append(([.put(machineRow(key.description, "\(put)", Revision(put)))], put))
    }
    inputs.shuffle(using: &random)
    for (effects, revision) in inputs {
      driver.send(.acknowledged(effects, at: Revision(revision), changed: true, sent: WriteMark(epoch: 0, known: nil)))
    }
    for (key, put) in zip(keys, puts) {
      let deleted = deletes.filter { $0.0.contains(key) }.map(\.1).max() ?? 0
      #expect((driver.machine.visible(key) != nil) == (put > deleted), "\(key) put \(put) deleted \(deleted)")
    }
    driver.progress(200)
    #expect(driver.machine.overlayCount == 0 && driver.machine.overlayBytes == 0)
    #expect(driver.machine.tombstoneCount == 0)
  }

  /// One record to hold and to decode, whether the watch or a list brings what was acknowledged.
  @Test(arguments: [false, true]) func theBaseTakesTheRecordOfAnAcknowledgedWrite(_ isListed: Bool) throws {
    var driver = MachineDriver.live(at: 10)
    driver.ack(11, .put("a", "1"), .put("b", "1"))
    let written = try #require(driver.machine.visible("/p/a"))
    // Another write of one of the keys is another record.
    if isListed {
      driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "gone")))
      driver.list(12, [machineRow("/p/a", "1", 11), machineRow("/p/b", "2", 12)])
    } else {
      driver.events((11, .put("a", "1")), (11, .put("b", "1")), (12, .put("b", "2")))
    }
    #expect(driver.machine.base["/p/a"]?.isIdentical(to: written) == true)
    #expect(driver.machine.base["/p/b"]?.text == "2")
    #expect(driver.machine.overlayCount == 0)
  }
}
