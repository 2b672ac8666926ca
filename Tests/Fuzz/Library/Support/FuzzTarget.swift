/// One thing that reads foreign bytes, as both fuzzers see it: a function of bytes that must return, and what to begin from.
package struct FuzzTarget: Sendable, CustomStringConvertible {
  package let name: String
  /// Valid inputs, which are mutated.
  package let seeds: [[UInt8]]
  /// What means something to the reader, to be put in anywhere.
  package let words: [[UInt8]]
  /// Throws when what came of the bytes is wrong; what is merely refused is no failure.
  package let run: @Sendable ([UInt8]) throws -> Void

  package var description: String { name }

  package init(
    _ name: String, seeds: [[UInt8]] = [], words: [String] = [], run: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.words = words.map { Array($0.utf8) }
    self.run = run
  }
}

/// A promise that an input broke.
package struct BrokenPromise: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Throws ``BrokenPromise`` when the condition does not hold.
package func promise(_ condition: Bool, _ text: @autoclosure () -> String) throws {
  if !condition { throw BrokenPromise(text()) }
}
