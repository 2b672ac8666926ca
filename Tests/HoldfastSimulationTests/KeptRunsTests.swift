import HoldfastSimulation
import Testing

/// Short runs that once violated an invariant: what `holdfast-simulate --seed` left of a failing seed. A run stays the same
/// as long as the steps in it do.
@Suite struct KeptRunsTests {
  struct Kept: CustomTestStringConvertible, Sendable {
    let what: String
    let profile: Profile
    let choices: String

    var testDescription: String { what }
  }

  @Test(arguments: Kept.all)
  func violatesNothing(kept: Kept) throws {
    var options = SimulationOptions()
    options.profile = kept.profile
    let choices = try #require(ChoiceList(kept.choices))
    let run = Simulator.replay(options, choices: choices, isTracing: true)
    #expect(run.violation == nil)
    // Something still happens in it.
    #expect(run.trace.contains { $0.contains("live") })
  }
}

extension KeptRunsTests.Kept {
  /// From known defects that were put back (`Tests/Mutations`), with the numbers of their patches.
  static let all = [
    Self(
      what: "01: events were stamped with the revision of the header", profile: .correct,
      choices: "setup deliverRequest writeElsewhere.0.3 operate"),
    Self(
      what: "02: a watch resumed after the revision of the header", profile: .correct,
      choices: "setup operate operate"),
    Self(
      what: "05: events were applied one by one", profile: .correct,
      choices: "setup deliverRequest writeElsewhere.0.4"),
    Self(
      what: "06: a delete of a prefix hid only the keys that were held already", profile: .correct,
      choices: "setup operate.0.3 operate.5"),
    Self(
      what: "08: updates compared the version, which begins again after a delete", profile: .correct,
      choices: """
        setup.0.0.0.1 deliverRequest deliverRequest operate.1.0.2 deliverAnswer deliverRequest deliverAnswer \
        deliverAnswer writeElsewhere.2 operate.0.0.2 operate.1.2.2
        """),
    Self(
      what: "09: writes after a restore were ignored until the old revision was passed", profile: .correct,
      choices: """
        setup.0.0.0.1.0.0.0.0.1 deliverRequest deliverAnswer deliverRequest writeElsewhere.4.2 operate operate \
        deliverRequest deliverRequest deliverRequest writeElsewhere restore.1 operate operate.0.3 deliverRequest \
        loseAnswer deliverRequest.1 deliverAnswer restore writeElsewhere.1.3
        """),
    Self(
      what: "11: a put of an absent key reported a version one too high", profile: .correct, choices: "setup operate"),
    Self(
      what: "12: all but the first operation of a transaction were dropped", profile: .correct,
      choices: "setup.0.0.0.1 writeElsewhere.0.4 operate.0.7"),
    Self(
      what: "13: the content went at a stop before readers were kept out", profile: .correct,
      choices: """
        setup.0.0.0.1.0.1 restartCache.1 writeElsewhere.3.2 restartCache.1 deliverRequest.3 deliverAnswer \
        restartCache.1
        """),
    Self(
      what: "14: a delete of a prefix removed siblings from memory", profile: .correct,
      choices: "setup.0.0.0.2 operate.1.0.4 operate operate.0.5"),
    Self(
      what: "17: a cache joined a list that was sent before it asked", profile: .correct,
      choices: """
        setup.71.0.0.0.0.0.0.0.0.0.3 deliverRequest operate.0.3 deliverRequest restartCache.1 compact
        """),
    // From what recognises a restored store, taken out.
    Self(
      what: "two stale reads in a row were taken for a restore", profile: .v3_5_1,
      choices: """
        setup.71.0.0.0.2 refuseRequest operate operate operate tick.3 refuseRequest.4.69 deliverRequest \
        deliverRequest deliverRequest deliverRequest tick.1 deliverAnswer deliverAnswer deliverAnswer deliverRequest \
        tick.3 deliverAnswer refuseRequest refuseRequest operate loseAnswer resetCall operate resetCall \
        deliverRequest tick.1 deliverRequest deliverRequest operate deliverRequest deliverAnswer.3 partition.2 \
        heal.92 tick.3 tick.1 resetCall deliverRequest.1
        """),
    Self(
      what: "a list that contradicted acknowledged writes was taken", profile: .correct,
      choices: """
        setup.69.0.0.1.1.0.0.0.0.0.1 restartCache restartCache deliverRequest deliverRequest operate deliverRequest \
        writeElsewhere.2.2 writeElsewhere.0.3 deliverRequest deliverRequest restore operate operate.0.1 \
        deliverRequest operate.0.5 deliverRequest operate.1 writeElsewhere.0.1 deliverAnswer deliverRequest \
        deliverAnswer deliverAnswer deliverRequest writeElsewhere deliverAnswer operate deliverRequest compact \
        deliverRequest restore.4 receiveMessage writeElsewhere writeElsewhere.0.3 restore.7 operate tick.3 \
        writeElsewhere.0.2 serveStream operate.1
        """),
    Self(
      what: "a watch went on in another history, whose past nobody had asked for", profile: .correct,
      choices: """
        setup operate deliverRequest deliverRequest writeElsewhere.0.3 writeElsewhere expireLease restore.1 tick.1 \
        deliverRequest deliverAnswer operate deliverRequest restore.1 operate writeElsewhere.0.4
        """),
    Self(
      what: "a store was restored between the pages of a list", profile: .correct,
      choices: """
        setup.95.0.0.1 deliverRequest operate.0.0.1 operate deliverRequest operate loseAnswer deliverRequest compact \
        deliverRequest deliverRequest restore operate.0.1 deliverRequest tick.1 writeElsewhere.2 writeElsewhere.0.4 \
        writeElsewhere.2 deliverAnswer deliverRequest deliverAnswer deliverRequest writeElsewhere deliverAnswer \
        restore.6 writeElsewhere.0.2 writeElsewhere
        """),
    // What 100,000 seeds found.
    Self(
      what: "a probe found other keys at the revision that was proven before a restore", profile: .correct,
      choices: """
        setup.79.0.0.1.0.0.0.0.0.0.2.0.1 deliverRequest.1 deliverRequest.1 refuseRequest refuseRequest \
        restartCache operate stopMember.2 deliverRequest.1 operate.0.6.0.0.94 restartCache.1 operate \
        deliverRequest.1 deliverAnswer writeElsewhere tick loseRequest deliverRequest.1 deliverRequest \
        operate.0.0.0.0.70 deliverAnswer.1 deliverRequest restore.4 operate.0.0.2 read.56
        """),
    Self(
      what: "a probe found other keys at the proven revision, of a range that had been empty", profile: .correct,
      choices: """
        setup.0.0.0.0.0.1 deliverRequest.1 deliverAnswer operate.3 read.1 operate.6.0.0.75 deliverRequest.1 \
        deliverRequest.2 loseAnswer deliverRequest deliverRequest deliverAnswer.2 writeElsewhere restore.1 \
        writeElsewhere.2.2 restartCache read.60
        """),
    Self(
      what: "a watch stood in another history, below what had been proven", profile: .correct,
      choices: """
        setup.72.0.0.2.1.0.0.3.0.0.0.0.0.0.0.0.0.0.1 deliverRequest deliverRequest deliverRequest \
        deliverRequest operate.0.3 operate.0.0.1 deliverRequest.1 deliverRequest deliverAnswer \
        writeElsewhere.0.2 writeElsewhere tick.3 restore writeElsewhere deliverRequest deliverAnswer restore.1 \
        operate.1 writeElsewhere.2.3
        """),
    Self(
      what: "a watch stood in another history, below what had been proven for an empty range", profile: .correct,
      choices: """
        setup.0.0.0.1.0.1 deliverRequest.1 operate read operate.0.4 operate.0.4 deliverRequest.3 deliverAnswer \
        serveStream deliverRequest.3 deliverRequest receiveMessage deliverRequest.1 operate.1.5 \
        deliverRequest.1 tick deliverRequest.2 loseAnswer.2 loseAnswer writeElsewhere.0.3 deliverRequest.2 \
        loseAnswer deliverAnswer deliverAnswer.2 restore restore.3 operate.0.0.2 writeElsewhere.0.5 \
        deliverRequest stopMember
        """),
    Self(
      what: "the base was of one history, what was proven of another", profile: .v3_5_12,
      choices: """
        setup.68.0.0.2.2.0.0.0.0.0.0.0.1.0.0.0.0.1 writeElsewhere.2.3 operate.1.0.0.0.67 writeElsewhere.0.1 \
        operate.0.0.0.0.73 operate.0.0.0.0.64 operate.0.0.0.0.80 restore.1 deliverRequest writeElsewhere.0.2 \
        compact deliverAnswer writeElsewhere writeElsewhere writeElsewhere writeElsewhere writeElsewhere \
        writeElsewhere writeElsewhere operate.1.0.0.0.95 writeElsewhere writeElsewhere writeElsewhere restore.7 \
        restore.7 operate.1.0.2 operate.2.0.3 tick.3 operate.1.5 tick.3
        """),
    Self(
      what: "a base of a history that differed only below what was proven", profile: .correct,
      choices: """
        setup.68.0.0.1.0.0.0.0.0.0.0.0.1 partition tick.3 restartCache.1 writeElsewhere.3.2 writeElsewhere.0.1 \
        deliverRequest.2 deliverAnswer tick.3 operate.0.0.0.0.69 followChanges.2.1 writeElsewhere \
        deliverRequest.7 restore.3 writeElsewhere.0.2 writeElsewhere.0.1 deliverRequest writeElsewhere.3.3
        """),
    Self(
      what: "a cache that had been refused was live at once, behind a watch that had stalled", profile: .v3_5_12,
      choices: """
        setup deliverRequest deliverAnswer serveStream operate verify operate.4 receiveMessage deliverRequest.1 \
        deliverRequest.2 deliverAnswer.1 stallWatch deliverRequest operate deliverRequest deliverRequest tick.3 \
        changePermission deliverRequest deliverAnswer.4 tick.3
        """),
    Self(
      what: "a cache that had missed something took a restored store for the same one", profile: .v3_4_23,
      choices: """
        setup.0.0.0.2 deliverRequest writeElsewhere.0.3 deliverAnswer writeElsewhere deliverRequest deliverAnswer \
        writeElsewhere restore.1 writeElsewhere.1.7 operate.1.0.1 deliverRequest deliverAnswer verify.1 restore operate
        """),
    Self(
      what: "two histories with as many keys and the same newest one", profile: .v3_4_23,
      choices: """
        setup.95.0.0.2.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.3.0.4 deliverRequest.3 deliverAnswer resetCall.2 \
        read.4 read.1 deliverRequest.2 writeElsewhere.2.2 serveStream tick deliverAnswer receiveMessage \
        operate.0.0.3 deliverRequest.6 refuseRequest.8 loseAnswer deliverRequest.2 deliverRequest loseAnswer \
        deliverRequest.6 deliverRequest.8 deliverRequest.4 refuseRequest.0.89 deliverAnswer.1 resetCall.6 \
        tick.2 deliverRequest.5 tick.2 deliverRequest.1 deliverAnswer.3 operate deliverRequest.2 \
        writeElsewhere.0.4 operate deliverRequest.3 refuseRequest.3 refuseRequest.2.71 deliverRequest \
        deliverRequest operate.1 deliverAnswer.7 deliverAnswer deliverAnswer.2 tick.1 serveStream operate.0.7 \
        tick.2 receiveMessage tick.2 writeElsewhere.0.2 refuseRequest.11 deliverAnswer deliverRequest.6 \
        deliverAnswer deliverRequest.3 deliverAnswer deliverAnswer deliverAnswer deliverRequest.12 \
        deliverRequest.10 deliverRequest deliverAnswer.3 operate.1.0.0.0.95 writeElsewhere restore.3 \
        operate.0.5 operate
        """),
  ]
}
