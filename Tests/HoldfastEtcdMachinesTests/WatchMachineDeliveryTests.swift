import HoldfastCore
import HoldfastEtcdMachines
import Testing

/// What is delivered, and where the watch resumes.
@Suite struct WatchMachineDeliveryTests {
  @Test func eventsAreDeliveredAndTheResumePointFollowsTheLastOfThem() {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.send([put("/a/1", 5), put("/a/2", 7), delete("/a/1", 7)])
    #expect(actions.revisions == [5, 7, 7])
    #expect(actions.last == .receive(within: .seconds(15)))
    // The header said 100.
    #expect(watch.machine.resume == 8)
  }

  @Test func nowIsOneAfterTheCreation() {
    var watch = WatchFixture.standing(at: 41)
    #expect(watch.from == nil)
    #expect(watch.machine.resume == 42)
    _ = watch.lose()
    watch.open(.waited)
    #expect(watch.from == 42)
  }

  @Test(arguments: [(Revision(0), Revision(1)), (-4, 1), (1, 1), (9, 9)])
  func theStartIsARevision(_ asked: Revision, _ sent: Revision) {
    var watch = WatchFixture(from: asked)
    watch.open()
    #expect(watch.from == sent)
  }

  @Test func aFutureWatchStandsAndLosesNothing() {
    var watch = WatchFixture.standing(from: 50, at: 10)
    #expect(watch.machine.resume == 50)
    #expect(watch.send([put("/a/1", 49)]).isOnlyReceiving)
    #expect(watch.send([put("/a/1", 50)]).revisions == [50])
  }

  @Test func duplicatesAreDropped() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.send([put("/a/1", 5), put("/a/1", 6)])
    #expect(watch.send([put("/a/1", 6)]).isOnlyReceiving)
    #expect(watch.send([put("/a/1", 6), put("/a/1", 7)]).revisions == [7])
    #expect(watch.machine.resume == 8)
  }

  @Test func fragmentsMakeOneBatch() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.send([put("/a/1", 5)], fragment: true).isOnlyReceiving)
    #expect(watch.machine.resume == 5)
    #expect(watch.send([put("/a/2", 5)], fragment: true).isOnlyReceiving)
    #expect(watch.send([put("/a/3", 5), put("/a/1", 6)]).revisions == [5, 5, 5, 6])
    #expect(watch.machine.resume == 7)
  }

  @Test func halfARevisionIsThrownAwayWithItsStream() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.send([put("/a/1", 5)], fragment: true)
    _ = watch.lose()
    watch.open(.waited)
    #expect(watch.from == 5)
    watch.create(at: 10)
    #expect(watch.send([put("/a/2", 5)]).revisions == [5])
  }

  @Test func deletesCarryTheirKeyAndWhatItHeld() {
    var watch = WatchFixture.standing(from: 5)
    let previous = KeyValue(key: "/a/1", value: [1], createRevision: 2, modRevision: 2, version: 1)
    let actions = watch.send { message in
      message.events = [delete("/a/1", 5)]
      message.events[0].previous = previous
    }
    let batch = WatchBatch(
      header: ResponseHeader(memberID: WatchFixture.member, revision: 100),
      events: [.delete("/a/1", at: 5, previous: previous)])
    #expect(actions.updates == [.batch(batch)])
  }

  @Test func whatConcernsOtherWatchesIsIgnored() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.send { $0.watchID = 77 }.isOnlyReceiving, "progress")
    #expect(
      watch.send {
        $0.watchID = 77; $0.canceled = true
      }.isOnlyReceiving)
    #expect(watch.machine.resume == 5)
  }

  @Test func aProxyMayChooseTheID() {
    var watch = WatchFixture(from: 5)
    watch.open()
    let created = watch.send {
      $0.watchID = 0; $0.created = true
    }
    #expect(created.updates.count == 1)
    #expect(
      watch.send {
        $0.watchID = 0; $0.events = [put("/a/1", 5)]
      }.revisions == [5])
  }

  // MARK: Progress

  @Test func timedProgressMovesTheResumePoint() {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.progress(60)
    #expect(actions.updates == [.progress(WatchProgress(revision: 60, isOrdered: true))])
    #expect(watch.machine.resume == 61)
    #expect(watch.send([put("/a/1", 60)]).isOnlyReceiving)
  }

  @Test func requestedProgressDoesNot() {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.progress(60, requested: true)
    #expect(actions.updates == [.progress(WatchProgress(revision: 60, isOrdered: false))])
    #expect(watch.machine.resume == 5)
    #expect(watch.send([put("/a/1", 6)]).revisions == [6])
  }

  @Test func progressNeverGoesBack() {
    var watch = WatchFixture.standing(from: 50)
    #expect(watch.progress(48).isOnlyReceiving)
    #expect(watch.progress(48, requested: true).isOnlyReceiving)
    #expect(watch.machine.resume == 50)
    #expect(watch.progress(49).updates.count == 1)
    #expect(watch.machine.resume == 50)
  }
}
