/// The one error that Holdfast throws: what went wrong, at which key, why, and what it means for a write. Its description, `"\(error)"`,
/// says all of it.
public struct HoldfastError: Error, Sendable {
  /// What went wrong. Compare with `==`; new codes may be added.
  public var code: Code
  /// One sentence for people: the cause and, where there is one, the remedy. It never holds a secret or a value.
  public var message: String
  /// The key concerned, if there is one: the whole key in the store, with the keyspace's prefix, where values and changes have their keys
  /// relative to it. Where a cache as a whole is concerned it is the prefix.
  public var key: Key? {
    get { details.key }
    set { details.key = newValue }
  }
  /// What happened to the write; nil for what is not a write. See ``Outcome``.
  public var outcome: Outcome? {
    get { details.outcome }
    set { details.outcome = newValue }
  }
  /// The revision at which the store answered, when it did (G10).
  public var revision: Revision? {
    get { details.revision }
    set { details.revision = newValue }
  }
  /// For a refused compare: what the key holds in the store instead, in the same revision; nil when it holds nothing.
  public var current: KeyValue? {
    get { details.current }
    set { details.current = newValue }
  }
  /// With `compacted`: everything below this revision is gone.
  public var compactRevision: Revision? {
    get { details.compactRevision }
    set { details.compactRevision = newValue }
  }
  /// The error below this one, if there is one.
  public var cause: (any Error)? {
    get { details.cause }
    set { details.cause = newValue }
  }

  /// What is known about a write that failed.
  public enum Outcome: String, Hashable, Sendable {
    /// The store did not apply it and never will.
    case refused
    /// The store applied it, but what came after failed (the answer could not be decoded, say).
    case applied
    /// It may have been applied, or may still be: read before trying again.
    case unknown
  }

  private struct Details: Sendable {
    var key: Key?
    var outcome: Outcome?
    var revision: Revision?
    var current: KeyValue?
    var compactRevision: Revision?
    var cause: (any Error)?
  }

  /// Boxed, so that the error stays small where it is not thrown.
  private final class Box: Sendable {
    let details: Details
    init(_ details: Details) { self.details = details }
  }

  private var box: Box?

  private var details: Details {
    get { box?.details ?? Details() }
    set { box = Box(newValue) }
  }

  public init(
    _ code: Code, _ message: String, key: Key? = nil, outcome: Outcome? = nil, revision: Revision? = nil,
    current: KeyValue? = nil, compactRevision: Revision? = nil, cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    let details = Details(
      key: key, outcome: outcome, revision: revision, current: current, compactRevision: compactRevision, cause: cause)
    if key != nil || outcome != nil || revision != nil || current != nil || compactRevision != nil || cause != nil {
      box = Box(details)
    }
  }

  /// The error itself when it is one of ours, and otherwise one with code `internal` that carries it.
  package init(wrapping error: any Error) {
    switch error {
    case let error as HoldfastError: self = error
    case is CancellationError: self.init(.cancelled, "the task was cancelled")
    default: self.init(.internal, "unexpected error: \(error)", cause: error)
    }
  }

  /// A copy that says what happened to the write.
  package func with(outcome: Outcome) -> HoldfastError {
    var copy = self
    copy.outcome = outcome
    return copy
  }
}

extension HoldfastError: Hashable {
  /// Equal in everything but the cause.
  public static func == (lhs: HoldfastError, rhs: HoldfastError) -> Bool {
    lhs.code == rhs.code && lhs.message == rhs.message && lhs.key == rhs.key && lhs.outcome == rhs.outcome
      && lhs.revision == rhs.revision && lhs.current == rhs.current && lhs.compactRevision == rhs.compactRevision
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(code)
    hasher.combine(message)
    hasher.combine(key)
  }
}

extension HoldfastError: CustomStringConvertible {
  public var description: String {
    var text = "\(code): \(message)"
    if let key { text += " [key \(key)]" }
    if let outcome { text += " [write \(outcome.rawValue)]" }
    if let revision { text += " [revision \(revision)]" }
    return text
  }
}
