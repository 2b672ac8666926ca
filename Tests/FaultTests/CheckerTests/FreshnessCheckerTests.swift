import Testing

/// The checkers of read modes and of change streams find what is broken.
@Suite struct FreshnessCheckerTests {
  @Test func aLinearizableReadWithoutWhatWasAcknowledged() {
    var run = CheckerFixture()
    run.write(.put("a", token: 3), .applied(at: 4, deleted: 0))
    run.snapshot(3, mode: .linearizable)
    #expect(run.check().broken == [.linearizable])
  }

  /// Nobody's write came between the two reads.
  @Test func aLinearizableReadBeforeAnotherOne() {
    var run = CheckerFixture()
    run.snapshot(5, mode: .linearizable)
    run.history.reads[0].isFromStore = true
    run.snapshot(4, mode: .linearizable)
    #expect(run.check().broken == [.linearizable])
  }

  @Test func aLinearizableReadOfWhatWasWrittenLater() {
    var run = CheckerFixture()
    run.snapshot(4, mode: .linearizable)
    run.write(.put("a", token: 3), .applied(at: 4, deleted: 0))
    #expect(run.check().broken == [.linearizable])
  }

  @Test func aReadThatIsOlderThanItMayBe() {
    var run = CheckerFixture()
    run.write(.put("a", token: 3), .applied(at: 4, deleted: 0), time: .seconds(1))
    run.snapshot(3, mode: .bounded(.seconds(1)), time: .seconds(1.9))
    #expect(run.check().broken == [])
    run.snapshot(3, mode: .bounded(.seconds(1)), time: .seconds(2.1))
    #expect(run.check().broken == [.boundedStaleness])
  }

  @Test func theFirstUpdateIsTheState() {
    var run = CheckerFixture()
    run.told(run.update(.changes, from: 3, to: 4))
    #expect(run.check().broken == [.changeStreams])
    run = CheckerFixture()
    var update = run.update(.initial, from: 0, to: 4)
    update.changes.removeLast()
    run.told(update)
    #expect(run.check().broken == [.changeStreams])
  }

  @Test(arguments: 0..<7) func whatAConsumerMustNotBeTold(fault: Int) {
    var run = CheckerFixture()
    var update = run.update(fault == 6 ? .resync : .changes, from: 4, to: 8)
    switch fault {
    case 0: update.changes.removeFirst()
    case 1: update.changes.append(update.changes[0])
    case 2: update.changes.reverse()
    case 3: update.changes[1].previous = nil
    case 4: update.changes[1].kind = .created
    // Half of a transaction.
    case 5: update.revision = 7; update.changes = update.changes.filter { $0.revision < 8 && $0.key != "dir/y" }
    default: update.changes.removeLast()
    }
    run.told(run.update(.initial, from: 0, to: 4), update)
    #expect(run.check().broken == [.changeStreams])
  }
}
