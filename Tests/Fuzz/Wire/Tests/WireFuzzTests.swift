import HoldfastFuzzing
import Testing

/// As `FuzzTests`, for what reads sockets, arguments and terminals.
@Suite(.serialized) struct WireFuzzTests {
  @Test(.timeLimit(.minutes(10)), arguments: FuzzTarget.wire)
  func keepsItsPromises(_ target: FuzzTarget) async throws {
    try await FuzzRunner.configured(iterations: 200).run(target)
  }

  /// Inputs that once broke something.
  @Test(arguments: FuzzTarget.wire)
  func keptCases(_ target: FuzzTarget) throws { try KeptCases.run(target) }
}
