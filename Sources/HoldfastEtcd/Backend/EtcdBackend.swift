public import HoldfastCore
import HoldfastEtcdMachines

/// An etcd cluster as a ``Backend``.
///
/// Connections are opened by the first call that needs one: one to the member that serves calls, one to the member that
/// serves watches. When a member does not serve, the next one takes over. Reads are repeated there as long as their time
/// allows; a write is repeated only when no member looked at it, so that nothing is ever written twice.
///
/// It works from the moment it is made; `run()` is what closes the connections in the end. After `run()` has returned, calls
/// and watches fail with `stopped` until it is called again.
public final class EtcdBackend: Backend {
  /// What it was made with.
  public let configuration: EtcdConfiguration
  let caller: EtcdCaller
  let watchShell: WatchShell
  let list: EndpointList
  /// Calls to a member of the operator's choice, on connections of their own: a snapshot delays nobody.
  let memberCaller: EtcdCaller
  private let callPool: ConnectionPool
  private let watchPool: ConnectionPool
  private let memberPool: ConnectionPool

  /// Connects nothing yet.
  ///
  /// - Throws: ``HoldfastError`` with `invalidArgument` when there is no endpoint or one that cannot be understood, when a file of
  ///   ``EtcdConfiguration/tls`` cannot be read or makes no sense, and when a password would be sent in the clear.
  public convenience init(_ configuration: EtcdConfiguration) throws {
    let endpoints = try EtcdBackend.parse(configuration.endpoints)
    let list = EndpointList(configuration.endpoints, parsed: endpoints)
    var transport = TransportConfiguration()
    transport.connectTimeout = configuration.connectTimeout
    transport.settingsTimeout = configuration.connectTimeout
    transport.keepAliveInterval = configuration.keepAliveInterval
    transport.keepAliveTimeout = configuration.keepAliveTimeout
    transport.maximumMessageSize = configuration.maximumAnswerBytes
    transport.tls = TLSCredentials(configuration.tls, logger: configuration.logger)
    try configuration.checkSecurity(of: endpoints, transport.tls)
    let settings = transport
    self.init(configuration, list, time: .continuous) { (endpoint: Int) async throws(RPCError) -> any RPCConnection in
      try await HTTP2Connection.connect(to: Endpoint(list.name(endpoint)), configuration: settings)
    }
  }

  /// With a connection of any kind, for tests. There must be an endpoint in the configuration.
  package convenience init(
    _ configuration: EtcdConfiguration, time: TimeSource,
    connect: @escaping @Sendable (_ endpoint: Int) async throws(RPCError) -> any RPCConnection
  ) {
    let parsed = configuration.endpoints.map { try? Endpoint($0) }
    self.init(configuration, EndpointList(configuration.endpoints, parsed: parsed), time: time, connect: connect)
  }

  private init(
    _ configuration: EtcdConfiguration, _ list: EndpointList, time: TimeSource,
    connect: @escaping @Sendable (_ endpoint: Int) async throws(RPCError) -> any RPCConnection
  ) {
    self.configuration = configuration
    self.list = list
    let logger = configuration.logger
    callPool = ConnectionPool(time: time, name: list.name, connect: connect)
    watchPool = ConnectionPool(time: time, name: list.name, connect: connect)
    memberPool = ConnectionPool(time: time, name: list.name, connect: connect)
    // What is only half of one was refused before.
    let authenticator = (try? configuration.credentials).flatMap { credentials in
      credentials.map { Authenticator($0, time: time, logger: logger) }
    }
    // etcd reads half a megabyte more than it accepts, and answers that with an error. Beyond, it ends the stream while
    // the request is still being sent.
    let (requestLimit, isEndless) = configuration.limits.requestBytes.addingReportingOverflow(512 << 10)
    let bytes = isEndless ? .max : requestLimit
    caller = EtcdCaller(
      pool: callPool, list: list, connectLimit: configuration.connectTimeout, requestLimit: bytes,
      authenticator: authenticator, time: time, logger: logger)
    memberCaller = EtcdCaller(
      pool: memberPool, list: list, connectLimit: configuration.connectTimeout, requestLimit: bytes,
      authenticator: authenticator, time: time, logger: logger)
    watchShell = WatchShell(
      pool: watchPool, endpoints: configuration.endpoints.count, connectLimit: configuration.connectTimeout,
      authenticator: authenticator, time: time, logger: logger)
  }

  public var limits: BackendLimits { configuration.limits }

  /// Waits until the task is cancelled, then fails what is under way and closes the connections.
  public func run() async {
    callPool.restart()
    watchPool.restart()
    memberPool.restart()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.followMembers() }
      await self.untilCancelled()
      group.cancelAll()
    }
    await watchPool.stop()
    await memberPool.stop()
    await callPool.stop()
  }

  private func untilCancelled() async {
    // Never yields anything: iterating it ends when the task is cancelled.
    let (forever, continuation) = AsyncStream<Never>.makeStream()
    for await _ in forever {}
    continuation.finish()
  }

  private static func parse(_ endpoints: [String]) throws -> [Endpoint] {
    guard !endpoints.isEmpty else {
      throw HoldfastError(.invalidArgument, "etcd needs an endpoint, such as https://127.0.0.1:2379")
    }
    return try endpoints.map { text in
      do throws(RPCError) {
        return try Endpoint(text)
      } catch {
        throw HoldfastError(.invalidArgument, error.message)
      }
    }
  }
}
