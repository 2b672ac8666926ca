import Holdfast
import Testing

/// What one consumer is told, for each policy.
@Suite struct ChangeQueueTests {
  @Test(arguments: [ChangePolicy.backPressure, .dropAndResync])
  func everyRevisionIsToldWhole(policy: ChangePolicy) {
    var maker = StepMaker()
    var queue = maker.queue(policy)
    let actions = queue.handle(maker.watch([("a", "1"), ("b", "1")], [("a", "2")]))
    #expect(actions.count == 1)
    _ = queue.handle(maker.watch([("a", nil), ("b", nil)]))
    #expect(maker.takeAll(&queue) == ["3: +a=1@2 +b=1@2 ~a=1>2@3", "4: -a=2@4 -b=1@4"])
    #expect(queue.entries == 0 && queue.bytes == 0)
  }

  @Test func whatIsOutsideOfTheRangeOnlyTakesItFurther() {
    var maker = StepMaker()
    var queue = maker.queue(.dropAndResync, range: .prefix("m/"), progressInterval: 3)
    _ = queue.handle(maker.watch([("m/1", "1"), ("x", "1")]))
    #expect(queue.handle(maker.watch([("x", "2")])).isEmpty)
    #expect(maker.take(&queue) == "3: +m/1=1@2")
    // Progress is told when three revisions were left out, and only then.
    #expect(queue.handle(maker.watch([("x", "3")], [("y", "3")])).isEmpty)
    #expect(queue.handle(maker.progress()).isEmpty)
    #expect(maker.take(&queue) == nil)
    #expect(queue.handle(maker.watch([("x", "4")])).count == 1)
    #expect(maker.takeAll(&queue) == ["7:"])
  }

  @Test func backPressureFailsPastTheLimitAndTellsWhatItKept() {
    var maker = StepMaker()
    var queue = maker.queue(.backPressure.limited(entries: 2))
    _ = queue.handle(maker.watch([("a", "1")]))
    _ = queue.handle(maker.watch([("a", "2")]))
    let actions = queue.handle(maker.watch([("a", "3")]))
    guard case .wake? = actions.first else { return #expect(Bool(false), "the consumer has to be told") }
    _ = queue.handle(maker.watch([("a", "4")]))
    #expect(queue.entries == 2)
    #expect(maker.takeAll(&queue) == ["2: +a=1@2", "3: ~a=1>2@3", "end: resourceExhausted"])
  }

  @Test func dropAndResyncTellsTheNetDifferencePastTheLimit() {
    var maker = StepMaker()
    var queue = maker.queue(.dropAndResync.limited(entries: 3), range: .prefix("m/"))
    _ = queue.handle(maker.watch([("m/a", "1"), ("m/b", "1"), ("m/c", "1")]))
    #expect(maker.take(&queue) == "2: +m/a=1@2 +m/b=1@2 +m/c=1@2")
    for n in 2...9 { _ = queue.handle(maker.watch([("m/a", "\(n)"), ("x", "\(n)")])) }
    _ = queue.handle(maker.watch([("m/b", nil)], [("m/new", "1")], [("m/short", "1")], [("m/short", nil)]))
    _ = queue.handle(maker.watch([("m/c", nil)], [("m/c", "2")]))
    #expect(queue.entries == 0 && queue.bytes == 0)
    #expect(
      maker.takeAll(&queue) == ["resync 16: ~m/a=1>9@10 -m/b=1@16 *m/c=1>2@16 +m/new=1@12"])
    // And it follows on.
    _ = queue.handle(maker.watch([("m/a", "10")]))
    #expect(maker.takeAll(&queue) == ["17: ~m/a=9>10@17"])
  }

  @Test func bytesCountAsWell() {
    var maker = StepMaker()
    var dropping = maker.queue(.dropAndResync.limited(bytes: 100))
    var failing = maker.queue(.backPressure.limited(bytes: 100))
    let step = maker.watch([("a", String(repeating: "x", count: 200))])
    _ = dropping.handle(step)
    _ = failing.handle(step)
    #expect(maker.take(&dropping)?.hasPrefix("resync 2: +a") == true)
    #expect(maker.takeAll(&failing) == ["end: resourceExhausted"])
  }

  @Test func conflationHasItsAlgebra() {
    var maker = StepMaker()
    _ = maker.watch([("kept", "1"), ("gone", "1"), ("back", "1"), ("same", "1")])
    var queue = maker.queue(.conflate)
    _ = queue.handle(maker.watch([("kept", "2")], [("kept", "3")]))  // modified twice: once
    _ = queue.handle(maker.watch([("gone", "2")], [("gone", nil)]))  // modified and deleted: deleted
    _ = queue.handle(maker.watch([("new", "1")], [("new", "2")]))  // created and modified: created
    _ = queue.handle(maker.watch([("short", "1")], [("short", nil)]))  // created and deleted: nothing
    _ = queue.handle(maker.watch([("back", nil)], [("back", "2")]))  // deleted and created: replaced
    _ = queue.handle(maker.watch([("twice", "1")], [("twice", nil)], [("twice", "2")]))
    #expect(queue.entries == 5)
    #expect(
      maker.takeAll(&queue) == ["15: ~kept=1>3@4 -gone=1@6 +new=2@8 *back=1>2@12 +twice=2@15"])
    #expect(queue.bytes == 0)
  }

  @Test func conflationOfWhatComesToNothingStillSaysHowFar() {
    var maker = StepMaker()
    var queue = maker.queue(.conflate)
    _ = queue.handle(maker.watch([("short", "1")]))
    _ = queue.handle(maker.watch([("short", nil)]))
    #expect(maker.takeAll(&queue) == ["3:"])
  }

  @Test func conflationIsBoundedByItsKeys() {
    var maker = StepMaker()
    var queue = maker.queue(.conflate.limited(entries: 2))
    for n in 0..<100 { _ = queue.handle(maker.watch([("a", "\(n)")], [("b", "\(n)")])) }
    #expect(queue.entries == 2)
    _ = queue.handle(maker.watch([("c", "1")]))
    #expect(queue.entries == 0)
    #expect(maker.takeAll(&queue) == ["resync 202: +a=99@200 +b=99@201 +c=1@202"])
  }

  @Test(arguments: [ChangePolicy.backPressure, .conflate, .dropAndResync])
  func aListIsOneMarkedDifference(policy: ChangePolicy) {
    var maker = StepMaker()
    var queue = maker.queue(policy)
    _ = queue.handle(maker.watch([("a", "1"), ("b", "1")]))
    _ = maker.take(&queue)
    _ = queue.handle(maker.list([("a", nil), ("c", "1")]))
    #expect(maker.takeAll(&queue) == ["resync 5: -a=1@5 +c=1@5"])
    // Also where nothing is different: what came and went in between is not known.
    _ = queue.handle(maker.list([]))
    #expect(maker.takeAll(&queue) == ["resync 8:"])
    maker.epoch = 1
    _ = queue.handle(maker.list(skipping: -4, [("b", "0")], isContinuous: false))
    #expect(maker.takeAll(&queue) == ["epoch 4: ~b=1>0@4"])
    _ = queue.handle(maker.watch([("b", "2")]))
    #expect(maker.takeAll(&queue) == ["5: ~b=0>2@5"])
  }

  @Test func anEpochIsToldWhenItsListWasDropped() {
    var maker = StepMaker()
    var queue = maker.queue(.dropAndResync.limited(entries: 1))
    maker.epoch = 1
    _ = queue.handle(maker.list(skipping: 1, [("a", "1"), ("b", "1")], isContinuous: false))
    #expect(maker.take(&queue) == "epoch 2: +a=1@2 +b=1@2")
    _ = queue.handle(maker.watch([("a", "1"), ("b", "1")]))
    maker.epoch = 2
    _ = queue.handle(maker.list(skipping: 1, [("a", nil)], isContinuous: false))
    #expect(maker.takeAll(&queue) == ["epoch 4: -a=1@4 ~b=1>1@3"])
  }

  /// A delete of the epoch before is none of a revision that the new one does not have.
  @Test func conflationOverAnEpochHasTheRevisionsOfTheNewOne() {
    var maker = StepMaker()
    _ = maker.watch([("a", "1"), ("b", "1")], [("c", "1")])
    var queue = maker.queue(.conflate)
    _ = queue.handle(maker.list(skipping: 20, [("a", nil)]))
    maker.epoch = 1
    _ = queue.handle(maker.list(skipping: -10, [("b", "2")], isContinuous: false))
    #expect(maker.takeAll(&queue) == ["epoch 13: -a=1@13 ~b=1>2@13"])
  }

  @Test(arguments: [ChangePolicy.backPressure, .conflate, .dropAndResync])
  func whatACacheDroppedIsComparedWithItsNextList(policy: ChangePolicy) {
    var maker = StepMaker()
    var queue = maker.queue(policy)
    _ = queue.handle(maker.watch([("a", "1"), ("b", "1")]))
    let held = maker.base
    _ = queue.handle(
      .advanced(BaseStep(.forgotten(held), from: maker.revision, to: maker.revision, epoch: 0), base: TestBase()))
    #expect(maker.take(&queue) == "2: +a=1@2 +b=1@2")
    _ = maker.list([("a", nil)])
    let wake = queue.handle(
      .advanced(BaseStep(.loaded, from: maker.revision, to: maker.revision, epoch: 0), base: maker.base))
    #expect(wake.count == 1)
    #expect(maker.takeAll(&queue) == ["resync 5: -a=1@5"])
  }

  @Test func theEndComesAfterWhatWaits() {
    var maker = StepMaker()
    var queue = maker.queue(.dropAndResync)
    _ = queue.handle(maker.watch([("a", "1")]))
    #expect(queue.handle(.ended(HoldfastError(.stopped, "stopped"))).count == 1)
    _ = queue.handle(maker.watch([("a", "2")]))
    #expect(maker.takeAll(&queue) == ["2: +a=1@2", "end: stopped"])
    #expect(queue.handle(.demanded).isEmpty)
  }
}
