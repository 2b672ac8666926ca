package import NIOCore
internal import NIOPosix

/// How one connection behaves: its time limits, its memory limits and the threads it runs on.
package struct TransportConfiguration: Sendable {
  /// The time that name resolution and the TCP (or Unix socket) connection may take together.
  package var connectTimeout: Duration = .seconds(5)

  /// How names become addresses.
  package var addresses = AddressLookup()

  /// The time from the TCP connection to the server's HTTP/2 SETTINGS and its acknowledgement of ours. A server that
  /// hangs accepts TCP all the same, because the kernel does that for it.
  package var settingsTimeout: Duration = .seconds(5)

  /// The silence after which a PING is sent, while calls are open. Raised to `keepAliveMinimum` when smaller.
  package var keepAliveInterval: Duration = .seconds(10)

  /// The time that the server has to say anything at all after a PING, before the connection is given up.
  package var keepAliveTimeout: Duration = .seconds(5)

  /// The shortest interval between two PINGs. etcd answers faster ones with GOAWAY "too_many_pings": change it in tests
  /// only.
  package var keepAliveMinimum: Duration = .seconds(5)

  /// The largest message that is accepted, 256 MiB. The 4 MiB that other gRPC clients default to is too small for an
  /// etcd list; this is a guard against a broken length prefix, not a memory budget.
  package var maximumMessageSize = 256 << 20

  /// The HTTP/2 flow-control window of one stream: a consumer that does not read holds up to about twice as much.
  package var streamWindow = 2 << 20

  /// The HTTP/2 flow-control window of the connection. It is opened again on arrival and not on consumption, so that a
  /// slow stream stops itself and nobody else.
  package var connectionWindow = 16 << 20

  /// The calls and streams that a connection serves before another one takes its place. HTTP/2 has numbers for 2^30.
  package var maximumStreams = 1 << 29

  /// The `user-agent` header.
  package var userAgent = "holdfast-swift"

  /// For endpoints with TLS.
  package var tls = TLSCredentials()

  /// Where sockets are served. It must outlive the connection: calls on a group that was shut down never return.
  package var eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

  package init() {}
}

extension TimeAmount {
  /// The nearest time amount: `Duration` reaches further than 64 bits of nanoseconds do. (Far beyond any time limit,
  /// and small enough that adding it to a clock's reading cannot overflow.)
  init(limiting duration: Duration) {
    let limit: Int64 = 100 * 365 * 86_400
    let (seconds, attoseconds) = duration.components
    self = .nanoseconds(min(max(seconds, -limit), limit) * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
