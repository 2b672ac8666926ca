/// Whether a cache follows its store (G8).
public struct CacheHealth: Hashable, Sendable, CustomStringConvertible {
  /// The state, as a name that stays the same across versions. New ones may be added.
  public struct State: Hashable, Sendable, CustomStringConvertible {
    public let name: String
    public var description: String { name }

    /// Not started.
    public static let idle = State(name: "idle")
    /// Asks the store for the first list.
    public static let connecting = State(name: "connecting")
    /// The first list is arriving, or is here and the watch is being opened. Reads work from when it is here.
    public static let loading = State(name: "loading")
    /// Follows the store.
    public static let live = State(name: "live")
    /// Reads work and return what was last known; the cache is trying to follow again.
    public static let stale = State(name: "stale")
    /// Stopped; it can be started again.
    public static let stopped = State(name: "stopped")
    /// Given up.
    public static let failed = State(name: "failed")
  }

  public let state: State
  /// Why it is not live, when something is wrong.
  public let cause: HoldfastError?
  /// Keys whose values do not decode; with ``CacheConfiguration/Decoding/onDemand`` those that reads have found so far.
  public let quarantined: Int
  /// The revision up to which the cache has followed the store; nil before the first load.
  public let revision: Revision?
  /// By how many revisions of the store, which counts changes of all its keys, the cache is known to be behind; 0 when nothing
  /// is known to be missing.
  public let lag: Int64
  /// How much has arrived of a list that is on its way: the first one, or one that repairs what is held. Nil when there is none,
  /// and before its first page.
  public let progress: ListProgress?

  public var isLive: Bool { state == .live }

  public var description: String {
    "\(state)" + (progress.map { ", \($0)" } ?? "") + (cause.map { " (\($0))" } ?? "")
      + (quarantined > 0 ? ", \(quarantined) quarantined" : "")
  }
}

extension CachePhase {
  var publicState: (state: CacheHealth.State, cause: HoldfastError?) {
    switch self {
    case .idle: (.idle, nil)
    case .connecting(let cause): (.connecting, cause)
    case .loading: (.loading, nil)
    case .live: (.live, nil)
    case .stale(let cause): (.stale, cause)
    case .stopped: (.stopped, nil)
    case .failed(let cause): (.failed, cause)
    }
  }
}
