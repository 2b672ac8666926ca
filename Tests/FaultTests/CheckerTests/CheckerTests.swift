import Testing

/// The checker finds what is broken, and nothing in what is not.
@Suite struct CheckerTests {
  @Test func aCorrectHistoryPassesAndEverythingIsReallyChecked() {
    var run = CheckerFixture()
    run.get("a", asAt: 2)
    run.write(.put("a", token: 3), .applied(at: 4, deleted: 0))
    run.get("a", asAt: 4)
    run.snapshot(4, mode: .ownSnapshot)
    run.snapshot(4, mode: .linearizable)
    run.write(.delete("a"), .applied(at: 6, deleted: 1))
    run.get("a", asAt: 6)
    run.write(.deletePrefix("dir/"), .applied(at: 7, deleted: 2))
    run.list(7, showing: 7)
    run.list(6, showing: 8)
    run.write(.create("a", token: 5), .applied(at: 8, deleted: 0))
    run.write(.put("a", token: 99), .refused)
    run.write(.put("a", token: 98), .unknown)
    run.snapshot(10)
    run.snapshot(11, mode: .bounded(.seconds(1)), time: .seconds(2))
    run.snapshot(11)
    run.list(11, showing: 11)
    run.health(11, isLive: true, time: .seconds(60))
    run.told(run.update(.initial, from: 0, to: 3), run.update(.changes, from: 3, to: 5))
    run.told(run.update(.resync, from: 5, to: 8), run.update(.changes, from: 8, to: 11))
    let report = run.check()
    #expect(report.violations == [])
    let elsewhere: Set<Invariant> = [.convergence, .epochs, .leases]
    #expect(Set(report.counts.keys) == Set(Invariant.allCases).subtracting(elsewhere))
  }

  /// Only what clients of two stores were told makes it the server's doing.
  @Test func aRevisionThatTheServerLost() {
    var run = CheckerFixture()
    run.history.storeOfCache = [0, 1]
    run.snapshot(8) { $0["b"] = Seen(token: 50, modRevision: 8, createRevision: 8, version: 1) }
    run.write(.put("b", token: 50), .applied(at: 8, deleted: 0))
    #expect(ServerLoss(history: run.history, oracle: run.oracle) == nil)
    var other = run.history.reads[0]
    other.cache = 1
    run.history.reads.append(other)
    let loss = ServerLoss(history: run.history, oracle: run.oracle)
    #expect(loss?.key == "b" && loss?.token == 50 && loss?.revision == 8)
    #expect(ServerLoss(history: CheckerFixture().history, oracle: run.oracle) == nil)
  }

  /// What is wrong about earlier revisions, or about none, is still ours.
  @Test func whatALossExplains() throws {
    var run = CheckerFixture()
    run.history.storeOfCache = [0, 1]
    run.snapshot(8) { $0["b"] = Seen(token: 50, modRevision: 8, createRevision: 8, version: 1) }
    run.history.reads.append(run.history.reads[0])
    run.history.reads[1].cache = 1
    run.write(.put("b", token: 50), .applied(at: 8, deleted: 0))
    let explained = run.check()
    let loss = try #require(ServerLoss(history: run.history, oracle: run.oracle))
    #expect(!explained.violations.isEmpty && explained.without(loss).violations.isEmpty, "\(explained.violations)")
    #expect(explained.without(loss).counts == explained.counts)

    run.get("a", asAt: 4)
    run.get("a", asAt: 2)
    run.snapshot(11) { $0["dir/x"] = Seen(token: 70, modRevision: 3, createRevision: 3, version: 1) }
    run.write(.put("a", token: 98), .applied(at: 5, deleted: 0))
    run.write(.put("a", token: 97), .untold("it failed"))
    var report = run.check()
    report.check(.convergence, false, "a cache shows something else")
    let left = report.without(loss)
    #expect(left.broken == [.monotonicKeys, .noThinAir, .truthfulOutcomes, .convergence], "\(left.violations)")
    #expect(left.violations.count < report.violations.count)
    let row = FaultTable.Row(fault: "1 killed", server: "etcd", loss: loss, operations: 7, report: left)
    #expect(
      row.line(.seconds(2))
        == "fault|1 killed (the server lost a write)|etcd|1|7|\(left.checks)|\(left.violations.count)|2.0")
    let plain = FaultTable.Row(fault: "1 killed", server: "etcd", operations: 7, report: CheckReport())
    #expect(plain.line(.zero) == "fault|1 killed|etcd|1|7|0|0|0.0")
  }

  @Test func aKeyThatGoesBack() {
    var run = CheckerFixture()
    run.get("a", asAt: 4)
    run.get("a", asAt: 2)
    #expect(run.check().broken == [.monotonicKeys])
  }

  @Test func aKeyThatVanishesWithoutADelete() {
    var run = CheckerFixture()
    run.get("a", asAt: 8)
    run.get("a", asAt: 1)
    #expect(run.check().broken == [.monotonicKeys])
  }

  @Test func readsAtTheSameTimeMayShowEither() {
    var run = CheckerFixture()
    run.get("a", asAt: 4)
    run.get("a", asAt: 2)
    run.history.reads[1].span.start = 0
    #expect(run.check().violations == [])
  }

  @Test func aDeletedKeyThatComesBack() {
    var run = CheckerFixture()
    run.get("a", asAt: 4)
    run.get("a", asAt: 6)
    run.get("a", asAt: 4)
    #expect(run.check().broken == [.monotonicKeys, .noResurrection])
  }

  @Test func anAcknowledgedWriteThatIsNotShown() {
    var run = CheckerFixture()
    run.write(.put("a", token: 3), .applied(at: 4, deleted: 0))
    run.get("a", asAt: 2)
    #expect(run.check().broken == [.readYourWrites])
  }

  @Test func anAcknowledgedPrefixDeleteThatIsNotShown() {
    var run = CheckerFixture()
    run.write(.deletePrefix("dir/"), .applied(at: 7, deleted: 2))
    run.get("dir/y", asAt: 5)
    #expect(run.check().broken == [.readYourWrites, .noResurrection])
  }

  @Test func anOwnSnapshotWithoutTheOwnWrite() {
    var run = CheckerFixture()
    run.write(.put("a", token: 3), .applied(at: 4, deleted: 0))
    run.snapshot(3, mode: .ownSnapshot)
    #expect(run.check().broken == [.readYourWrites])
  }

  /// That somebody else's write of the key was seen since does not make up for it.
  @Test func anOwnSnapshotWithoutAnOwnWriteThatWasOverwritten() {
    var run = CheckerFixture()
    run.write(.put("a", token: 3), .applied(at: 4, deleted: 0))
    run.get("a", asAt: 8)
    run.snapshot(3, mode: .ownSnapshot)
    #expect(run.check().broken == [.readYourWrites])
  }

  @Test func aSnapshotBeforeTheLastOne() {
    var run = CheckerFixture()
    run.snapshot(8)
    run.snapshot(7)
    #expect(run.check().broken == [.monotonicSnapshots])
  }

  @Test(arguments: [6, 8] as [Int64]) func aSnapshotOfAnotherRevision(revision: Int64) {
    var run = CheckerFixture()
    run.snapshot(7, showing: revision)
    #expect(run.check().broken == [.snapshotConsistency, .noLostUpdate])
  }

  @Test func aListThatMissesWhatItHasFollowed() {
    var run = CheckerFixture()
    run.list(8, showing: 7)
    #expect(run.check().broken == [.noLostUpdate])
  }

  @Test func aValueThatNobodyWrote() {
    var run = CheckerFixture()
    run.snapshot(8) { $0["a"]?.token = 77 }
    #expect(run.check().broken.isSuperset(of: [.noThinAir, .snapshotConsistency]))
    run = CheckerFixture()
    run.snapshot(8) { $0["a"]?.version = 3 }
    #expect(run.check().broken.contains(.noThinAir))
    run = CheckerFixture()
    run.list(8, showing: 8) { $0["other"] = Seen(token: 5, modRevision: 8, createRevision: 8, version: 1) }
    #expect(run.check().broken.contains(.noThinAir))
  }

  @Test func aPairThatIsSeenInPart() {
    var run = CheckerFixture()
    run.list(9, showing: 9) { $0["pair/1/b"] = Seen(token: 7, modRevision: 10, createRevision: 9, version: 2) }
    #expect(run.check().broken == [.atomicTransactions])
    run = CheckerFixture()
    run.list(8, showing: 9) { $0["pair/1/b"] = nil }
    #expect(run.check().broken == [.atomicTransactions])
  }

  @Test func aBadValueThatIsServedAndAGoodOneThatIsNot() {
    var run = CheckerFixture()
    run.list(11, showing: 11) { $0["bad"] = Seen(token: 5, modRevision: 11, createRevision: 11, version: 1) }
    #expect(run.check().broken.contains(.malformedValues))
    run = CheckerFixture()
    run.list(11, showing: 11) { $0["a"] = Seen(token: nil, modRevision: 8) }
    #expect(run.check().broken.contains(.malformedValues))
    run = CheckerFixture()
    run.list(11, showing: 11) { $0["bad"] = nil }
    #expect(run.check().broken == [.noLostUpdate])
  }

  @Test func outcomesThatAreNotTrue() {
    var run = CheckerFixture()
    run.write(.put("a", token: 3), .refused)
    run.write(.put("a", token: 99), .applied(at: 4, deleted: 0))
    run.write(.put("a", token: 3), .applied(at: 5, deleted: 0))
    run.write(.deletePrefix("none/"), .applied(at: 9, deleted: 1))
    #expect(run.check().violations.filter { $0.invariant == .truthfulOutcomes }.count == 4)
  }

  @Test func aWriteThatIsAppliedTwice() {
    var run = CheckerFixture()
    run.put("a", 5, at: 12, create: 8, version: 2)
    #expect(run.check().broken == [.truthfulOutcomes])
  }

  @Test func aCompareThatDidNotHold() {
    var run = CheckerFixture()
    run.write(.update("a", token: 3, expected: 3), .applied(at: 4, deleted: 0))
    run.write(.create("a", token: 3), .applied(at: 4, deleted: 0))
    run.write(.deleteIf("a", expected: 2), .applied(at: 6, deleted: 1))
    #expect(run.check().violations.filter { $0.invariant == .safeCompare }.count == 3)
    #expect(run.check().broken == [.safeCompare])
  }

  /// Seen in a run: both histories of a restored store had a delete of one key at one revision.
  @Test(arguments: [2, 4] as [Int64]) func aDeleteThatTwoHistoriesHoldAtOneRevision(expected: Int64) {
    var run = CheckerFixture()
    var restored = Oracle()
    let kept = Seen(token: 1, modRevision: 2, createRevision: 2, version: 1)
    restored.add("a", .init(seen: kept, revision: 2))
    restored.add("a", .init(seen: nil, revision: 6))
    run.write(.deleteIf("a", expected: 4), .applied(at: 6, deleted: 1))
    run.write(.deleteIf("a", expected: expected), .applied(at: 6, deleted: 1))
    run.history.writes[1].epoch = 1
    #expect(run.check(others: [restored]).broken == (expected == 2 ? [] : [.safeCompare]))
  }

  @Test func aCacheThatPretendsToFollow() {
    var run = CheckerFixture()
    run.write(.put("a", token: 5), .applied(at: 8, deleted: 0), time: .seconds(10))
    run.health(7, isLive: true, time: .seconds(14))
    run.health(7, isLive: false, time: .seconds(20))
    #expect(run.check().violations == [])
    run.health(7, isLive: true, time: .seconds(16))
    #expect(run.check().broken == [.failLoud])
  }

  @Test func aReadOfTwoEpochsAndOneThatGoesBack() {
    var run = CheckerFixture()
    var restored = CheckerFixture()
    restored.oracle = Oracle()
    restored.put("a", 1, at: 2)
    restored.put("a", 50, at: 3, create: 2, version: 2)
    run.get("a", asAt: 4)
    run.history.reads.append(
      ReadRecord(
        cache: 0, span: Span(start: 10, end: 11), mode: .local, keys: ["a"],
        seen: ["a": Seen(token: 50, modRevision: 3, createRevision: 2, version: 2)]))
    #expect(run.check(others: [restored.oracle]).violations == [])
    let old = Seen(token: 2, modRevision: 3, createRevision: 3, version: 1)
    run.history.reads.append(
      ReadRecord(cache: 0, span: Span(start: 12, end: 13), mode: .local, keys: ["dir/x"], seen: ["dir/x": old]))
    #expect(run.check(others: [restored.oracle]).broken.contains(.epochs))
  }
}
