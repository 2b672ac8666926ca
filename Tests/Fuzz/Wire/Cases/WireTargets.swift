package import HoldfastFuzzing

extension FuzzTarget {
  /// What reads the bytes of sockets, arguments and terminals.
  package static let wire: [FuzzTarget] = [http2, frames, status, messages, watchStream, shell, endpoint]
}
