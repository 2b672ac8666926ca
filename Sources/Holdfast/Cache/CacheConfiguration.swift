/// How a cache behaves; the defaults are right for most.
public struct CacheConfiguration: Sendable {
  /// How long `withCache` waits for the first complete load before it throws the cause.
  public var startTimeout: Duration = .seconds(15)
  /// How long a write that only the watch can show (see ``Store/transact(_:)``) waits for it.
  public var followTimeout: Duration = .seconds(10)
  /// The first and the longest wait between attempts to list again; it doubles in between, with jitter.
  public var backoff: ClosedRange<Duration> = .milliseconds(100) ... .seconds(5)
  /// How often the cache asks a quorum how far the store is while it follows it: a watch that says nothing proves nothing.
  public var probeInterval: Duration = .seconds(5)
  /// After how long without an answer that confirms what the cache holds its health says `stale` (G8).
  public var staleAfter: Duration = .seconds(15)
  /// How long a linearizable read waits for memory before it reads the store itself.
  public var linearizableWait: Duration = .seconds(1)
  /// When to compare memory with the store by itself.
  public var verification = Verification.automatic
  /// When values are decoded.
  public var decoding = Decoding.eager
  /// Which keys, relative to the keyspace, the cache holds values of; nil: all. The closure is called for each record that arrives,
  /// and must always say the same of a key.
  ///
  /// Of what it leaves out the cache holds the key and what identifies the record, so that it knows for certain how far it is, but no
  /// value, and nothing is decoded. Lists, counts, sizes and changes do not show it. Who gets such a key from the cache
  /// is told `invalidArgument` instead of that there is none; ``CacheSnapshot`` says where its functions, which do not throw, tell
  /// it. Writes and ``Store/atomically(from:configuration:_:)`` do not mind: what they read and the cache does not hold they ask
  /// the store for.
  public var keyFilter: (@Sendable (_ relativeKey: Key) -> Bool)?
  /// How many acknowledged writes, and how many bytes of them, may wait for the watch before the cache lists again. When
  /// they are more and a list fails as well, the cache drops what it holds: reads throw `notLoaded`, with the cause, until
  /// a list succeeds. Bytes are counted as the store has them; what they decode to may take more.
  public var pendingWrites = 10_000
  public var pendingBytes = 16 << 20
  /// How many of the last revisions that changed the keyspace, and how many bytes of their keys and values, old and new and as the
  /// store has them, the cache remembers: to be read at them (``Cache/snapshot(at:)``), and for change streams to resume after them. With 0 revisions it
  /// remembers none.
  public var historyRevisions = 1_000
  public var historyBytes = 16 << 20
  /// What waits and back-offs are measured by.
  package var time = TimeSource.continuous

  public init() {}

  /// When a cache decodes what the store holds.
  public struct Decoding: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case eager, onDemand }

    let kind: Kind

    /// When it arrives. Reads find values, and ``CacheHealth/quarantined`` tells of every one that does not decode. The decoded
    /// value is held, and not the bytes that it was made of, unless the keyspace says ``Keyspace/decodesEachRead``.
    public static let eager = Decoding(kind: .eager)

    /// When it is first read, by whatever way; then the value is kept beside its bytes. For caches of which little is read, or
    /// that must keep up with many changes: what nobody reads costs no decoding, and memory for its bytes and its place only.
    ///
    /// The first read of a value takes as long as its decoding; of several that come first at once each may decode it, and all
    /// of them return what one of them made of it. An undecodable value is quarantined when it is first read: reads answer as they
    /// would in an eager cache, and ``CacheHealth/quarantined`` counts what reads have found so far. Where the keyspace says
    /// ``Keyspace/decodesEachRead`` no value is kept.
    public static let onDemand = Decoding(kind: .onDemand)
  }

  /// When a cache compares what it holds with the store, as ``Cache/verify()`` does, which also repairs it.
  public struct Verification: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
      case automatic, never
      case every(Duration)
    }

    let kind: Kind

    /// Every ten minutes where the server is of a version that is known to lose events, otherwise never.
    public static let automatic = Verification(kind: .automatic)
    public static let never = Verification(kind: .never)
    /// Each time so long after the last one, less up to a tenth, so that many caches do not come at once.
    public static func every(_ interval: Duration) -> Verification { Verification(kind: .every(interval)) }
  }

  /// The wait before the attempt after so many failures; `jitter` is in 0 ..< 1 and takes up to half of it away, so that
  /// many caches do not come back at once.
  package func backoff(failures: Int, jitter: Double) -> Duration {
    guard failures > 0 else { return .zero }
    let doubled = backoff.lowerBound * (1 << min(failures - 1, 20))
    return min(doubled, backoff.upperBound) * (1 - jitter / 2)
  }
}
