import HoldfastEtcdMachines
import NIOCore
import NIOPosix

extension HTTP2Connection {
  /// Connects, and returns when the server has shown that it speaks HTTP/2.
  ///
  /// - Throws: `.invalidArgument` when the event loop group cannot serve sockets, `.cancelled` when the task is cancelled,
  ///   `.unavailable` otherwise. Nothing was processed in any of these cases.
  package static func connect(
    to endpoint: Endpoint, configuration: TransportConfiguration = TransportConfiguration()
  ) async throws(RPCError) -> HTTP2Connection {
    let security: ConnectionSecurity?
    do {
      security = endpoint.usesTLS ? try ConnectionSecurity(configuration.tls, for: endpoint) : nil
    } catch {
      throw RPCError(error, endpoint)
    }
    let eventLoop = configuration.eventLoopGroup.next()
    let attempt = ConnectAttempt(eventLoop: eventLoop)
    guard let bootstrap = ClientBootstrap(validatingGroup: eventLoop) else {
      throw RPCError(.invalidArgument, "The event loop group is not NIOPosix's.", progress: .notProcessed)
    }
    let prepared =
      bootstrap
      .connectTimeout(TimeAmount(limiting: configuration.connectTimeout))
      .channelInitializer { channel in
        // Several of them, when a name has several addresses.
        channel.eventLoop.makeCompletedFuture {
          try configure(channel, configuration, security, attempt)
        }
      }

    let connected: EventLoopFuture<any Channel> =
      switch endpoint.address {
      case .host(let host, let port):
        prepared.resolver(configuration.addresses.resolver(on: eventLoop)).connect(host: host, port: port)
      case .unix(let path): prepared.connect(unixDomainSocketPath: path)
      }
    connected.flatMap { channel in
      attempt.awaitSettings(of: channel)
    }.whenComplete { result in
      attempt.complete(result)
    }

    let result = await withTaskCancellationHandler {
      await attempt.result()
    } onCancel: {
      attempt.cancel()
    }
    if case .failure = result, case .host(let host, _) = endpoint.address { configuration.addresses.advance(host) }
    switch result {
    case .success(let opened):
      return HTTP2Connection(endpoint: endpoint, opened: opened, configuration: configuration)
    case .failure(let error as RPCError) where error.code == .cancelled:
      throw error
    case .failure(let error as TLSFailure):
      throw RPCError(error, endpoint)
    case .failure(let error):
      throw RPCError(.unavailable, "Cannot connect to \(endpoint): \(reason(of: error)).", progress: .notProcessed)
    }
  }

  /// From the socket inwards: keep-alive, HTTP/2, and what the connection itself says.
  private static func configure(
    _ channel: any Channel, _ configuration: TransportConfiguration, _ security: ConnectionSecurity?,
    _ attempt: ConnectAttempt
  ) throws {
    let state = ConnectionState(maximumStreams: configuration.maximumStreams)
    try security?.configure(channel, state)
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(KeepAliveHandler(state: state, configuration: configuration))
    let multiplexer = HTTP2Multiplexer(
      state: state, streamWindow: configuration.streamWindow, connectionWindow: configuration.connectionWindow)
    try multiplexer.install(in: pipeline)
    let handler = ConnectionHandler(
      state: state, settingsTimeout: configuration.settingsTimeout, usesTLS: security != nil)
    try pipeline.addHandler(handler)
    try attempt.add(channel, handler, multiplexer)
  }

  private static func reason(of error: any Error) -> String {
    switch error {
    case let error as RPCError:
      error.message
    case let error as IOError:
      // Of the system's own numbers the texts are constant.
      String(cString: strerror(error.errnoCode)).lowercased()
    case ChannelError.connectTimeout:
      "no connection within the time limit"
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first {
        reason(of: first.error)
      } else if let lookup = error.dnsAError ?? error.dnsAAAAError {
        "the name \"\(error.host)\" does not resolve: \(lookup)"
      } else {
        "the name \"\(error.host)\" has no address"
      }
    default:
      "\(error)"
    }
  }
}

extension RPCError {
  fileprivate init(_ failure: TLSFailure, _ endpoint: Endpoint) {
    self.init(.unavailable, "Cannot connect to \(endpoint): \(failure.message).", progress: .notProcessed)
    isTLSFailure = failure.isPermanent
  }
}
