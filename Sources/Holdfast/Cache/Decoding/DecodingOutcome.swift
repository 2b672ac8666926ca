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
  /// What came of decoding a value of this type, which did not fail.
  @inline(__always)
  init(_ value: DecodingOutcome) { self.init(known(value) as Storage) }
}
