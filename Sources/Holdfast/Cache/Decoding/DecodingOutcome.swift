package import HoldfastCore
internal import HoldfastStructures

/// What came of decoding the bytes of a value: the storage of a ``Stored``, or why they are no value.
///
/// `@unchecked Sendable`, as only that lets a class that has subclasses be `Sendable`: both of them are, and nothing can change.
package class DecodingOutcome: @unchecked Sendable {
  /// Why the bytes are no value; nil when they are one.
  var failure: HoldfastError? { nil }
  /// The same, for who only wants to know whether.
  var isFailure: Bool { false }
}

/// The bytes are no value (G9).
final class DecodingFailure: DecodingOutcome, @unchecked Sendable {
  private let error: HoldfastError

  init(_ error: HoldfastError) { self.error = error }

  override var failure: HoldfastError? { error }
  override var isFailure: Bool { true }
}

extension CacheRecord {
  /// Why the bytes are no value, as far as anybody has looked.
  package var knownFailure: HoldfastError? { outcome?.failure }

  /// What came of decoding the value, if that is kept.
  var outcome: DecodingOutcome? { entry.outcome.withObject { $0 } }
}

extension Stored {
  /// The value of which this came; a cache's outcomes are of values of its own type only.
  ///
  /// - Throws: Why there is none.
  @inline(__always)
  init(_ outcome: DecodingOutcome) throws {
    if outcome.isFailure, let failure = outcome.failure { throw failure }
    self.init(known(outcome) as Storage)
  }
}

extension CacheEntry {
  /// Lends the value, as it is kept; nil when it is not, or is none. The entries of a cache hold values of its own type only.
  @inline(__always)
  func withStorage<Value, R>(_ body: (Stored<Value>.Storage?) throws -> R) rethrows -> R {
    try outcome.withObject { outcome in
      guard let outcome, !outcome.isFailure else { return try body(nil) }
      return try body(known(outcome))
    }
  }
}
