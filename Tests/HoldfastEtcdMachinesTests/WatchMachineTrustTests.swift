import HoldfastCore
import HoldfastEtcdMachines
import Testing

/// Whose answers to requests for progress count.
@Suite struct WatchMachineTrustTests {
  private static let ask: [WatchMachine.Action] = [.send(.requestProgress), .receive(within: .seconds(5))]
  private static let trusted = "3.5.21"

  /// Whether an answer to a request for progress is taken for ordered; where it is, the watch resumes behind it.
  private func isTrusted(_ watch: inout WatchFixture, at revision: Revision = 60) -> Bool {
    let resume = watch.machine.resume
    let updates = watch.progress(revision, requested: true).updates
    guard case .progress(let progress)? = updates.first, updates.count == 1 else {
      Issue.record("no progress: \(updates)")
      return false
    }
    #expect(progress.revision == revision)
    #expect(watch.machine.resume == (progress.isOrdered ? revision.next : resume))
    return progress.isOrdered
  }

  @Test(arguments: [
    ("3.4.31", true), ("3.5.13", true), ("3.6.0", true), ("3.4.23", false), ("3.5.1", false), ("3.6.0-alpha.0", false),
  ])
  func theVersionOfTheMemberDecides(version: String, trusts: Bool) {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.identify(version) == Self.ask)
    #expect(isTrusted(&watch) == trusts)
    #expect(watch.send([put("/a/1", 60)]).revisions == (trusts ? [] : [60]))
  }

  @Test func whatIsTrustedIsWhereTheNextStreamBegins() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.identify(Self.trusted)
    #expect(isTrusted(&watch))
    _ = watch.lose()
    watch.open(.waited)
    #expect(watch.from == 61)
  }

  @Test func anotherMembersVersionSaysNothing() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.identify(Self.trusted, member: WatchFixture.member + 1) == Self.ask)
    #expect(!isTrusted(&watch))
  }

  @Test func withoutItsIdAMemberIsNotKnown() {
    var watch = WatchFixture(from: 5)
    watch.open()
    _ = watch.send {
      $0.created = true; $0.header?.memberID = 0
    }
    _ = watch.identify(Self.trusted, member: 0)
    #expect(!isTrusted(&watch))
  }

  @Test func whatCouldNotBeLearnedIsAskedAgainInTheNextSilence() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.identify(nil) == Self.ask)
    #expect(!isTrusted(&watch))
    #expect(watch.identify(Self.trusted) == Self.ask)
    #expect(isTrusted(&watch, at: 70))
    // What is known is not asked again.
    #expect(watch.silence() == Self.ask)
  }

  @Test func aQuestionThatIsNotAnsweredKeepsNothingBack() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.silence() == [.identify(stream: watch.id), .receive(within: .seconds(5))])
    #expect(watch.silence() == Self.ask)
    #expect(!isTrusted(&watch))
  }

  @Test func anAnswerMayComeLate() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.silence()
    #expect(watch.send([put("/a/1", 5)]).revisions == [5])
    #expect(watch.answer(Self.trusted).isEmpty, "an event came first: nothing is to be asked")
    #expect(isTrusted(&watch))
  }

  @Test func anAnswerIsGoodForItsStreamAlone() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.silence()
    let stream = watch.id
    _ = watch.lose()
    #expect(watch.answer(Self.trusted, stream: stream).isEmpty)
    watch.open(.waited)
    #expect(watch.answer(Self.trusted, stream: stream).isEmpty)
    watch.create(at: 10)
    #expect(watch.answer(Self.trusted, stream: stream).isEmpty)
    #expect(!isTrusted(&watch))
    // And what was known of a stream ends with it.
    _ = watch.identify(Self.trusted)
    #expect(isTrusted(&watch, at: 70))
    _ = watch.lose()
    watch.open(.waited)
    watch.create(at: 75)
    #expect(!isTrusted(&watch, at: 80))
  }

  @Test func betweenFragmentsNothingIsComplete() {
    var watch = WatchFixture.standing(from: 5)
    _ = watch.identify(Self.trusted)
    _ = watch.send([put("/a/1", 5)], fragment: true)
    #expect(!isTrusted(&watch))
    #expect(watch.send([put("/a/2", 5)]).revisions == [5, 5])
    #expect(isTrusted(&watch))
  }

  @Test func progressBelowTheStartMovesNothing() {
    var watch = WatchFixture.standing(from: 50)
    _ = watch.identify(Self.trusted)
    #expect(watch.progress(48, requested: true).isOnlyReceiving)
    #expect(watch.machine.resume == 50)
    #expect(isTrusted(&watch, at: 49))
    #expect(watch.machine.resume == 50)
  }

  // MARK: Versions that are silent

  @Test(arguments: ["3.4.25", "3.4.30", "3.5.8", "3.5.12"])
  func whoWouldNotAnswerIsNotAsked(version: String) {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.identify(version).isOnlyReceiving)
    for _ in 0..<5 { #expect(watch.silence().isOnlyReceiving) }
    // With its first event the watch can be asked, and must answer.
    _ = watch.send([put("/a/1", 5)])
    #expect(watch.silence() == Self.ask)
    #expect(!isTrusted(&watch))
    #expect(watch.silence() == Self.ask)
    #expect(watch.silence().interruption?.code == .timeout)
    // Events of an earlier stream do not count.
    watch.open(.waited)
    watch.create(at: 10)
    #expect(watch.identify(version).isOnlyReceiving)
  }

  @Test func anotherMembersSilenceIsNoExcuse() {
    var watch = WatchFixture.standing(from: 5)
    #expect(watch.identify("3.5.12", member: 8) == Self.ask)
    #expect(watch.silence().interruption?.code == .timeout)
  }
}
