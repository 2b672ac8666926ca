package import HoldfastCore

/// How the cache stands to its store. Local reads are possible from `CacheMachine.revision != nil` on, whatever the phase,
/// and no more when `stopped`.
package enum CachePhase: Equatable, Sendable {
  /// Never started.
  case idle
  /// Nothing has been loaded yet; why the last attempt failed, if one did.
  case connecting(HoldfastError?)
  /// The first list is here; the watch that keeps it in step does not stand yet.
  case loading
  /// The watch stands.
  case live
  /// The last state is kept, but nothing keeps it in step for now.
  case stale(HoldfastError)
  case stopped
  /// Given up. The machine tries for ever and never says this; it is for the shell that runs it.
  case failed(HoldfastError)
}
