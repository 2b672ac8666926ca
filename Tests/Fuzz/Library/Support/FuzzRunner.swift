#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Runs a target on inputs of its own making, each a function of one seed.
package struct FuzzRunner: Sendable {
  /// An input that broke a promise.
  package struct Finding: Error, CustomStringConvertible {
    package let target: String
    package let origin: String
    package let input: [UInt8]
    package let reason: String

    package var description: String {
      "\(target), \(origin): \(reason)\ninput (\(input.count) bytes), to be kept in Tests/Fuzz/Corpus/\(target):\n"
        + FuzzRunner.hexadecimal(input)
    }
  }

  package var iterations: Int
  package var firstSeed: UInt64

  package init(iterations: Int, firstSeed: UInt64 = 1) {
    self.iterations = iterations
    self.firstSeed = firstSeed
  }

  /// `HOLDFAST_FUZZ_ITERATIONS` inputs for each target, from seed `HOLDFAST_FUZZ_SEED` on.
  package static func configured(
    by environment: [String: String] = ProcessInfo.processInfo.environment, iterations: Int
  ) -> FuzzRunner {
    FuzzRunner(
      iterations: environment["HOLDFAST_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? iterations,
      firstSeed: environment["HOLDFAST_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
  }

  /// - Throws: ``Finding`` for the first input that broke a promise.
  package func run(_ target: FuzzTarget) async throws {
    for (index, input) in target.seeds.enumerated() { try check(target, input, origin: "valid input \(index)") }
    let trace = Trace(target: target.name)
    defer { trace.remove() }
    for seed in firstSeed..<(firstSeed &+ UInt64(max(0, iterations))) {
      var mutator = FuzzMutator(seed: seed)
      let input = mutator.input(for: target)
      trace.write("seed \(seed): \(Self.hexadecimal(input))\n")
      try check(target, input, origin: "seed \(seed)")
      // The tests beside it have clocks that run.
      await Task.yield()
    }
  }

  package func check(_ target: FuzzTarget, _ input: [UInt8], origin: String) throws {
    do {
      try target.run(input)
    } catch {
      throw Finding(target: target.name, origin: origin, input: input, reason: "\(error)")
    }
  }

  package static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// What is being run, in a file: who crashes cannot say it any more. It is left behind by a crash only.
  private struct Trace {
    let url: URL

    init(target: String) {
      let name = "holdfast-fuzz-\(target)-\(ProcessInfo.processInfo.processIdentifier)"
      url = FileManager.default.temporaryDirectory.appending(path: name)
    }

    func write(_ text: String) { try? Data(text.utf8).write(to: url) }
    func remove() { try? FileManager.default.removeItem(at: url) }
  }
}
