/// What becomes of a change stream whose consumer is slower than the changes. The cache never waits for a consumer: up to the
/// limit changes are kept, past it the policy says what happens. Nothing is ever lost without being told.
public struct ChangePolicy: Hashable, Sendable {
  enum Kind: Hashable, Sendable { case backPressure, conflate, dropAndResync }

  let kind: Kind
  /// How many changes may wait for the consumer.
  public private(set) var entries = 10_000
  /// How many bytes of keys and values, old and new, may wait.
  public private(set) var bytes = 16 << 20

  /// Whether every change is told, unless a resync says otherwise.
  package var isExact: Bool { kind != .conflate }
  /// Whether a consumer that is too slow gets an error.
  package var canFail: Bool { kind == .backPressure }

  private init(_ kind: Kind) { self.kind = kind }

  /// Every change. Past the limit the consumer still gets what was kept, and then the error `resourceExhausted`: for those who
  /// would rather fail than miss a step of the history.
  public static let backPressure = ChangePolicy(.backPressure)

  /// Waiting changes of one key become one, from what was told before to what is there now; a key that was created and deleted
  /// meanwhile is not told. Past the limit, which is one of keys then, as ``dropAndResync``.
  public static let conflate = ChangePolicy(.conflate)

  /// Every change. Past the limit what waits is dropped, and the consumer gets the net difference to what it was told, as one
  /// ``KeyspaceUpdate/Kind/resync``.
  public static let dropAndResync = ChangePolicy(.dropAndResync)

  /// The same policy with other limits.
  public func limited(entries: Int? = nil, bytes: Int? = nil) -> ChangePolicy {
    var copy = self
    copy.entries = entries ?? self.entries
    copy.bytes = bytes ?? self.bytes
    return copy
  }
}
