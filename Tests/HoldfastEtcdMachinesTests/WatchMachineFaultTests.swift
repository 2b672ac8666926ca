import HoldfastCore
import HoldfastEtcdMachines
import Testing

/// Outages, refusals, compaction, and servers that do not keep to the protocol.
@Suite struct WatchMachineFaultTests {
  typealias Change = @Sendable (inout WatchMessage) -> Void

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: Change
    init(_ name: String, _ change: @escaping Change) { (testDescription, self.change) = (name, change) }
  }

  // MARK: Outages

  @Test func anOutageIsReportedOnceAndEndsWithStarted() {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.lose()
    #expect(actions.first == .leaveEndpoint)
    #expect(actions.interruption?.code == .unavailable)
    #expect(actions.last == .wait(.milliseconds(200)))
    for milliseconds in [400, 800, 1600, 3200, 5000, 5000] {
      #expect(watch.machine.handle(.waited) == [.open])
      #expect(watch.lose() == [.leaveEndpoint, .wait(.milliseconds(milliseconds))])
    }
    watch.open(.waited)
    watch.create(at: 12)
    #expect(watch.lose().interruption != nil)
  }

  @Test func anOutageBeforeTheFirstStartIsReportedToo() {
    var watch = WatchFixture(from: 5)
    #expect(watch.machine.handle(.start) == [.open])
    #expect(watch.lose().interruption?.code == .unavailable)
    #expect(watch.machine.handle(.waited) == [.open])
    #expect(watch.lose().updates.isEmpty)
  }

  @Test func whatIsDeliveredResetsTheBackOffAndACreationDoesNot() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.lose()
    watch.open(.waited)
    watch.create(at: 12)
    #expect(watch.lose().last == .wait(.milliseconds(400)))
    watch.open(.waited)
    watch.create(at: 12)
    _ = watch.send([put("/a/1", 5)])
    #expect(watch.lose().last == .wait(.milliseconds(200)))
  }

  @Test func whatIsLateFromAnOldStreamIsIgnored() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.lose()
    #expect(watch.send([put("/a/1", 5)]).isEmpty)
  }

  /// There is one watch on a stream. What a server tells another one it will not tell again.
  @Test(arguments: [-7, -1, 99]) func eventsForAnotherWatchAreAskedForAgain(id: Int64) {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.send {
      $0.watchID = id; $0.events = [put("/a/1", 5)]
    }
    #expect(actions.interruption?.code == .protocolViolation)
    #expect(watch.machine.resume == 5)
  }

  @Test func fragmentsWithoutEndDoNotEatAllMemory() {
    var watch = WatchFixture.standing(from: 5)
    let large = WatchMessage.Event(
      .put,
      KeyValue(key: "/a/1", value: .init(repeating: 0, count: 1 << 20), createRevision: 1, modRevision: 5, version: 1))
    var messages = 0
    while messages < 100 {
      messages += 1
      if watch.send([large], fragment: true).interruption?.code == .protocolViolation { break }
    }
    #expect((60...70).contains(messages), "ended after \(messages) MiB")
  }

  /// Many revisions in fragments are no endless one.
  @Test func wholeRevisionsInFragmentsAreDeliveredAtOnce() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.send([put("/a/1", 5), put("/a/2", 6)], fragment: true).revisions == [5])
    #expect(watch.machine.resume == 6)
    #expect(watch.send([put("/a/3", 6), put("/a/1", 7)], fragment: true).revisions == [6, 6])
    #expect(watch.send([put("/a/1", 8)]).revisions == [7, 8])
  }

  @Test(arguments: [
    (CallFailure(.unavailable, "etcdserver: no leader", progress: .answered), false),
    (CallFailure(.internal, "", progress: .answered), false),
    (CallFailure(.unknown, "", progress: .answered), false),
    (CallFailure(.cancelled, "", progress: .answered), false),
    (CallFailure(.deadlineExceeded, "", progress: .unknown), false),
    (CallFailure(.resourceExhausted, "etcdserver: too many requests", progress: .answered), false),
    (CallFailure(.permissionDenied, "etcdserver: permission denied", progress: .answered), true),
    (CallFailure(.unauthenticated, "etcdserver: invalid auth token", progress: .answered), true),
    (CallFailure(.invalidArgument, "etcdserver: user name is empty", progress: .answered), true),
    (CallFailure(.unimplemented, "", progress: .answered), true),
    (CallFailure(.unimplemented, "HTTP 404", progress: .unknown), false),
    (CallFailure(.permissionDenied, "HTTP 403", progress: .unknown), false),
  ]) func theCodeDecidesWhetherItGoesOn(_ failure: CallFailure, _ ends: Bool) {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.machine.handle(.failed(failure, jitter: 1))
    #expect((actions.failure != nil) == ends)
    #expect((actions.interruption != nil) == !ends)
  }

  // MARK: Silence

  @Test func silenceIsAskedAboutAndThenGivenUp() {
    var watch = WatchFixture.standing(from: 5)
    let ask: [WatchMachine.Action] = [.send(.requestProgress), .receive(within: .seconds(5))]
    #expect(watch.identify("3.6.0") == ask)
    // An answer, or anything at all, makes it well again.
    _ = watch.send { $0.watchID = -1 }
    #expect(watch.silence() == ask)
    let actions = watch.silence()
    #expect(actions.first == .leaveEndpoint)
    #expect(actions.interruption?.code == .timeout)
  }

  @Test func aWatchThatIsNotCreatedInTimeIsLeft() {
    var watch = WatchFixture(from: 5)
    watch.open()
    #expect(watch.machine.handle(.silent(jitter: 1)).interruption?.code == .timeout)
  }

  // MARK: The server's cancel

  @Test func compactionEndsTheWatchAndSaysWhere() {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.send {
      $0.canceled = true; $0.compactRevision = 9; $0.header?.revision = 0
    }
    #expect(actions.failure?.code == .compacted)
    #expect(actions.failure?.compactRevision == 9)
    #expect(watch.machine.handle(.waited).isEmpty)
    #expect(watch.send([put("/a/1", 5)]).isEmpty)
  }

  static let refusals: [(String, HoldfastError.Code?)] = [
    ("rpc error: code = PermissionDenied desc = etcdserver: permission denied", .permissionDenied),
    ("etcdserver: invalid auth token", .unauthenticated),
    ("mvcc: watcher range is empty", .invalidArgument),
    ("nobody knows", .invalidArgument),
    ("etcdserver: no leader", nil),
    ("", nil),
  ]

  @Test(arguments: refusals, [true, false]) func aRefusedCreate(_ row: (String, HoldfastError.Code?), ours: Bool) {
    var watch = WatchFixture(from: 5)
    watch.open()
    let actions = watch.send { message in
      message.created = true
      message.canceled = true
      message.cancelReason = row.0
      if !ours { message.watchID = -1 }
    }
    #expect(actions.failure?.code == row.1)
    #expect((actions.interruption == nil) == (row.1 != nil))
  }

  @Test func aLaterCancelWithoutAKnownReasonIsAnOutage() {
    var watch = WatchFixture.standing(from: 5)
    #expect(
      watch.send {
        $0.canceled = true; $0.cancelReason = "?"
      }.interruption?.code == .unavailable)
  }

  // MARK: Hostile servers

  static let violations: [Case] = [
    Case("a second created") { $0.created = true },
    Case("a second created under another id") {
      $0.created = true; $0.watchID = 99
    },
    Case("header revision 0 with events") {
      $0.header?.revision = 0; $0.events = [put("/a/1", 5)]
    },
    Case("no header with events") {
      $0.header = nil; $0.events = [put("/a/1", 5)]
    },
    Case("header revision 0 with progress") { $0.header?.revision = 0 },
    Case("requested progress without a header") {
      $0.header = nil; $0.watchID = -1
    },
    Case("the largest revision") { $0.header?.revision = Revision(.max) },
    Case("an event of the largest revision") { $0.events = [put("/a/1", Revision(.max))] },
    Case("an event without a revision") { $0.events = [put("/a/1", 0)] },
    Case("a negative revision") { $0.events = [put("/a/1", -7)] },
    Case("a put without kv") { $0.events = [.init(.put, nil)] },
    Case("a delete without kv") { $0.events = [.init(.delete, nil)] },
    Case("an unknown kind") { $0.events = [.init(.unknown, put("/a/1", 5).keyValue)] },
    Case("a key outside of the range") { $0.events = [put("/b/1", 5)] },
    Case("events out of order") { $0.events = [put("/a/1", 7), put("/a/2", 6)] },
    Case("an empty fragment") { $0.fragment = true },
  ]

  @Test(arguments: violations) func aViolationBreaksTheStreamAndDeliversNothing(_ violation: Case) {
    var watch = WatchFixture.standing(from: 5)
    let actions = watch.send(violation.change)
    #expect(actions.first == .leaveEndpoint)
    #expect(actions.interruption?.code == .protocolViolation)
    #expect(actions.revisions.isEmpty)
    #expect(watch.machine.resume == 5)
  }

  @Test func progressBetweenFragmentsIsAViolation() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.send([put("/a/1", 5)], fragment: true)
    #expect(watch.send { _ in }.interruption?.code == .protocolViolation)
    #expect(watch.machine.resume == 5)
  }

  @Test(arguments: [
    Case("events before created") { $0.events = [put("/a/1", 5)] },
    Case("progress before created") { _ in },
    Case("created without a header") {
      $0.created = true; $0.header = nil
    },
    Case("created at revision 0") {
      $0.created = true; $0.header?.revision = 0
    },
    Case("created with a negative id") {
      $0.created = true; $0.watchID = -5
    },
  ]) func aViolationBeforeTheCreation(_ violation: Case) {
    var watch = WatchFixture(from: 5)
    watch.open()
    #expect(watch.send(violation.change).interruption?.code == .protocolViolation)
  }

  @Test func whatConcernsOtherWatchesBeforeTheCreationIsIgnored() {
    var watch = WatchFixture(from: 5)
    watch.open()
    #expect(
      watch.send {
        $0.watchID = 99; $0.events = [put("/a/1", 5)]
      } == [.receive(within: .seconds(5))])
    #expect(
      watch.send {
        $0.watchID = 99; $0.canceled = true
      } == [.receive(within: .seconds(5))])
    watch.create(at: 10)
  }

  @Test func anEmptyRangeIsRefusedWithoutAServer() {
    var machine = WatchMachine(range: KeyRange(start: "b", end: "a"), from: nil)
    #expect(machine.handle(.start).failure?.code == .invalidArgument)
  }

  @Test func brokenStreamsAreOutages() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.machine.handle(.broken("it ended", jitter: 1)).interruption?.code == .protocolViolation)
  }
}
