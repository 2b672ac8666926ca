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
  /// From known defects that were put back (`Tests/Mutations`), each with the number of its patch.
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
  ]
}
