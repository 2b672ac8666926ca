public import HoldfastCore
public import Logging

/// How to reach an etcd cluster, and how patient to be with it.
public struct EtcdConfiguration: Sendable {
  /// The members' client URLs, such as `https://etcd-1.example:2379`, one for each member: `https://` with TLS, `http://`
  /// without, `unix:///path` and `unixs:///path` for sockets. The first is tried first; the next one
  /// takes over when it does not serve.
  public var endpoints: [String]
  /// How `https://` endpoints are secured.
  public var tls = EtcdTLS()
  /// Who the client is, where etcd has authentication switched on; goes with ``password``. Where it is switched off they are of
  /// no consequence.
  public var user: String?
  /// The user's password. It is in no log, error or dump.
  public var password: String? {
    get { secret?.exposed }
    set { secret = newValue.map { Secret($0) } }
  }
  private var secret: Secret<String>?
  /// Whether the password and tokens may be sent over a network in the clear: with a user, `http://` endpoints that are not on
  /// this machine are refused otherwise.
  public var allowsPlaintextCredentials = false
  /// The time a connection to one member may take, from the name's resolution to the end of the HTTP/2 handshake.
  public var connectTimeout: Duration = .seconds(2)
  /// The time a call may take altogether: connecting, and for reads the attempts at other members, included. With several
  /// members a read gives each of them half of what is left, as long as there are others.
  public var requestTimeout: Duration = .seconds(5)
  /// How often the cluster is asked for its members, so that calls and watches follow where it moves: its client URLs go
  /// before `endpoints`, which stay as a fallback. nil never asks; ``EtcdBackend/Cluster/synchronizeEndpoints()`` does it
  /// once. It is for clusters that advertise addresses which clients can reach.
  public var memberSynchronization: Duration?
  /// A watch that heard nothing for this long asks the member for a sign of life. Not less than a second.
  public var watchSilence: Duration = .seconds(15)
  /// A member that does not answer such a question, or the creation of a watch, for this long is left for another one.
  public var watchAnswerTimeout: Duration = .seconds(5)
  /// The interval of keep-alive pings while calls are open. etcd ends connections that ping more often than every five
  /// seconds, so less is raised to that.
  public var keepAliveInterval: Duration = .seconds(10)
  /// A connection on which a ping is not answered for this long is given up.
  public var keepAliveTimeout: Duration = .seconds(5)
  /// The largest answer that is accepted, in bytes. It guards against a broken length, it is no memory budget: a watch
  /// that catches up and a list without a limit may be large.
  public var maximumAnswerBytes = 256 << 20
  /// What the cluster accepts in one request, when its operator changed etcd's defaults.
  public var limits = BackendLimits()
  /// Where connections and outages are logged: at info or below, never with a value.
  public var logger = Logger(label: "holdfast.etcd") { _ in SwiftLogNoOpLogHandler() }

  public init(endpoints: [String]) { self.endpoints = endpoints }
}
