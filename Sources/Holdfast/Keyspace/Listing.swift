/// Values in the order that was asked for (key order unless said otherwise), and what belongs to them.
public struct Listing<Value: Sendable>: RandomAccessCollection, Sendable {
  public typealias Element = Stored<Value>

  /// Of values of this type only, and without failures: an array that is the same for all types is made without knowing them.
  private let outcomes: [DecodingOutcome]

  /// From the store: the revision at which this is what the range held. From a cache: the revision up to which the cache had
  /// followed the store; single keys may be newer, by writes of this process.
  public let revision: Revision
  /// Keys of the range whose values do not decode (G9), with the error, in key order.
  public let quarantined: [QuarantinedKey]
  /// Whether a limit left keys out.
  public let more: Bool
  /// How many keys the range holds, undecodable ones and those beyond the limit included.
  public let total: Int

  init(values: [Stored<Value>], revision: Revision, quarantined: [QuarantinedKey], more: Bool, total: Int) {
    self.init(
      outcomes: values.map(\.storage), revision: revision, quarantined: quarantined, more: more, total: total)
  }

  /// - Parameter outcomes: Those of values, no failures.
  init(outcomes: [DecodingOutcome], revision: Revision, quarantined: [QuarantinedKey], more: Bool, total: Int) {
    self.outcomes = outcomes
    self.revision = revision
    self.quarantined = quarantined
    self.more = more
    self.total = total
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { outcomes.count }
  public subscript(position: Int) -> Stored<Value> { Stored(outcomes[position]) }
}

/// A key whose stored bytes are no value of its keyspace's type. It heals when a good value is written.
public struct QuarantinedKey: Hashable, Sendable {
  /// The key relative to its keyspace.
  public let key: Key
  /// The whole key in the store.
  public let storeKey: Key
  /// The revision of the bytes; good for a delete or an update by revision.
  public let modRevision: Revision
  /// Why they do not decode.
  public let error: HoldfastError
}

/// The answer to several gets at one revision.
public struct Lookup<Value: Sendable>: Sendable {
  /// What was found, in the order of the keys that were asked for.
  public let found: [Stored<Value>]
  /// The keys, relative to the keyspace, that do not exist.
  public let missing: [Key]
  /// The keys that exist, but whose values do not decode.
  public let quarantined: [QuarantinedKey]
  /// The revision of all of them; from a cache as ``Listing/revision``.
  public let revision: Revision

  init(found: [Stored<Value>], missing: [Key], quarantined: [QuarantinedKey], revision: Revision) {
    self.found = found
    self.missing = missing
    self.quarantined = quarantined
    self.revision = revision
  }

  /// What the key holds; nil when it is missing, or in ``quarantined``.
  public subscript(_ key: some KeyRepresentable) -> Stored<Value>? {
    let key = key.key
    return found.first { $0.hasKey(key) }
  }
}
