import HoldfastFuzzing
import Testing

/// Mutated and made-up inputs to everything that reads foreign bytes: the same ones in every run, more of them with
/// `HOLDFAST_FUZZ_ITERATIONS=100000`, others with `HOLDFAST_FUZZ_SEED`.
@Suite(.serialized) struct FuzzTests {
  @Test(.timeLimit(.minutes(10)), arguments: FuzzTarget.core)
  func keepsItsPromises(_ target: FuzzTarget) async throws {
    try await FuzzRunner.configured(iterations: 200).run(target)
  }

  /// Inputs that once broke something.
  @Test(arguments: FuzzTarget.core)
  func keptCases(_ target: FuzzTarget) throws { try KeptCases.run(target) }
}
