import HoldfastCore
import HoldfastEmbedded
import Testing

@testable import Holdfast

/// A candidate's decisions, against the engine: the machine's requests are executed as they are.
@Suite struct CandidacyMachineTests {
  private let engine = EmbeddedEngine()
  private let prefix: Key = "/locks/a/"

  private func machine(_ lease: Int64, isPatient: Bool = true) async throws -> CandidacyMachine {
    _ = try await engine.grantLease(id: LeaseID(lease), ttl: .seconds(60))
    return CandidacyMachine(prefix: prefix, lease: LeaseID(lease), value: [], isPatient: isPatient)
  }

  /// What the machine wants after its input was carried out.
  private func act(
    _ machine: inout CandidacyMachine, _ input: CandidacyMachine.Input
  ) async throws -> [CandidacyMachine.Action] {
    var actions = machine.handle(input, jitter: 0)
    while case .transact(let request)? = actions.first {
      actions = machine.handle(.answered(try await engine.transact(request)), jitter: 0)
    }
    return actions
  }

  @Test func theKeyIsThatOfEtcdsRecipe() async throws {
    #expect(try await machine(0x7a5b).key == "/locks/a/7a5b")
  }

  @Test func theyHoldInTheOrderOfTheirArrivalAndEachWatchesItsPredecessor() async throws {
    var first = try await machine(30)
    var second = try await machine(10)
    var third = try await machine(20)
    #expect(try await act(&first, .start) == [.hold(2), .watch(first.key, from: 3)])
    #expect(try await act(&second, .start) == [.watch(first.key, from: 4)])
    #expect(try await act(&third, .start) == [.watch(second.key, from: 5)], "and not the first: no herd")
    // Somebody in the middle leaves: the third now waits for the first.
    _ = try await engine.revokeLease(LeaseID(10))
    #expect(try await act(&third, .watched) == [.watch(first.key, from: 6)])
    _ = try await engine.revokeLease(LeaseID(30))
    #expect(try await act(&third, .watched) == [.hold(4), .watch(third.key, from: 7)])
    let error = try await act(&second, .watched)
    guard case .lost(let loss)? = error.first else { throw HoldfastError(.internal, "not lost: \(error)") }
    #expect(loss.code == .lockLost)
  }

  @Test func aRepeatedEntryKeepsThePlace() async throws {
    var first = try await machine(1)
    var second = try await machine(2)
    _ = try await act(&first, .start)
    guard case .transact(let enter)? = second.handle(.start, jitter: 0).first else { return }
    _ = try await engine.transact(enter)
    var third = try await machine(3)
    _ = try await act(&third, .start)
    let lost = HoldfastError(.unavailable, "the answer was lost", outcome: .unknown)
    #expect(second.handle(.failed(lost), jitter: 0) == [.wait(.milliseconds(50))])
    #expect(try await act(&second, .woken) == [.watch(first.key, from: 5)])
    #expect(try await engine.range(RangeRequest(.prefix(prefix))).count == 3)
  }

  @Test func theImpatientDoNotWait() async throws {
    var first = try await machine(1, isPatient: false)
    var second = try await machine(2, isPatient: false)
    #expect(try await act(&first, .start).first == .hold(2))
    guard case .fail(let error)? = try await act(&second, .start).first else {
      Issue.record("it got in")
      return
    }
    #expect(error.code == .lockHeld)
    #expect("\(error.key ?? "none")/" == "\(prefix)", "the lock's name")
    #expect(error.message.contains("\(first.key)"), "and who comes first")
  }

  @Test func aWaiterIsNotCalledTheHolder() async throws {
    var first = try await machine(1)
    var second = try await machine(2)
    var third = try await machine(3, isPatient: false)
    _ = try await act(&first, .start)
    _ = try await act(&second, .start)
    guard case .fail(let error)? = try await act(&third, .start).first else {
      Issue.record("it got in")
      return
    }
    #expect(error.message.contains("holds it or waits for it, with the key '\(second.key)'"), "\(error)")
  }

  @Test func aKeyThatWasDeletedAndCreatedAgainIsLost() async throws {
    var first = try await machine(1)
    _ = try await act(&first, .start)
    _ = try await engine.deleteRange(DeleteRangeRequest(.key(first.key)))
    _ = try await engine.put(PutRequest(key: first.key, value: []))
    guard case .lost? = try await act(&first, .watched).first else {
      Issue.record("another key of the same name is not this one")
      return
    }
  }

  @Test func aHolderOutlivesFailuresAndACandidateThatIsRefusedDoesNot() async throws {
    var first = try await machine(1)
    _ = try await act(&first, .start)
    let denied = HoldfastError(.permissionDenied, "no")
    #expect(first.handle(.failed(denied), jitter: 0) == [.wait(.milliseconds(50))])
    #expect(try await act(&first, .woken) == [.watch(first.key, from: 3)])
    var second = try await machine(2)
    _ = try await act(&second, .start)
    #expect(second.handle(.failed(HoldfastError(.compacted, "")), jitter: 0) == [.wait(.milliseconds(50))])
    #expect(second.handle(.failed(denied), jitter: 0) == [.fail(denied)])
  }

  /// The lease is gone: its keeper is the one to say so.
  @Test func withoutItsLeaseItGoesOnTrying() async throws {
    var machine = CandidacyMachine(prefix: prefix, lease: LeaseID(99), value: [], isPatient: true)
    guard case .transact(let request)? = machine.handle(.start, jitter: 0).first else { return }
    let error = await #expect(throws: HoldfastError.self) { try await engine.transact(request) }
    #expect(machine.handle(.failed(try #require(error)), jitter: 0) == [.wait(.milliseconds(50))])
  }
}
