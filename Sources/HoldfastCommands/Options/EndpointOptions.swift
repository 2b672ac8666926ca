import ArgumentParser
import Holdfast
import HoldfastEtcd

/// Which store to use, with what is needed to be let in: TLS and the user, under etcdctl's names.
///
/// One group, not one inside the other: debug builds of ArgumentParser validate a group again for each group around it, five times
/// a level.
struct EndpointOptions: ParsableArguments {
  static let variable = "HOLDFAST_ENDPOINTS"

  @Option(help: "The etcd members' client URLs, such as http://127.0.0.1:2379. (default: $HOLDFAST_ENDPOINTS)")
  var endpoints: String?

  @Option(parsing: .unconditional, help: "How many seconds one request may take. (default: 5)")
  var timeout: Double?

  @Option(help: "Trust only the authorities in this PEM file. (default: $HOLDFAST_CACERT, or the system's)")
  var cacert: String?

  @Option(help: "The client certificate, a PEM file. (default: $HOLDFAST_CERT)")
  var cert: String?

  @Option(help: "The client certificate's key, a PEM file. (default: $HOLDFAST_KEY)")
  var key: String?

  @Option(help: "The name that the server's certificate must be made for, where it is not the endpoint's.")
  var tlsServerName: String?

  @Option(
    help: """
      The user's name. (default: $HOLDFAST_USER) The password is in --password-file or in $HOLDFAST_PASSWORD, or is asked \
      for at the terminal.
      """)
  var user: String?

  @Option(help: "A file that holds the password, and nothing else but a line's end.")
  var passwordFile: String?

  @Flag(help: "Send the password to http:// endpoints on other machines too, for everybody on the way to read.")
  var allowPlaintextPassword = false

  /// The URLs, none when none are given. Whether they can be understood is for the etcd client to say.
  func urls(_ environment: [String: String]) throws -> [String] {
    let isGiven = endpoints != nil
    guard let text = endpoints ?? environment[Self.variable], isGiven || !text.isEmpty else { return [] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map {
      guard !$0.isEmpty else {
        throw HoldfastError(
          .invalidArgument, "\(isGiven ? "--endpoints" : "$\(Self.variable)") has an empty URL in it")
      }
      return String($0)
    }
  }

  /// The store that is named, nil when none is.
  func store(for tool: Tool) throws -> BackendConfiguration? {
    if let backend = tool.backend { return backend }
    let urls = try urls(tool.environment)
    return urls.isEmpty ? nil : .etcd(endpoints: urls, try configure(for: tool))
  }

  func requiredStore(for tool: Tool) throws -> BackendConfiguration {
    guard let store = try store(for: tool) else { throw Self.missing }
    return store
  }

  /// What the options, and the environment, say about the client. It may ask for a password, so call it once.
  func configure(for tool: Tool) throws -> (inout EtcdConfiguration) -> Void {
    let timeout = try timeout.map { try Duration(positiveSeconds: $0, option: "--timeout") }
    let secure = try configureSecurity(for: tool)
    return {
      if let timeout { $0.requestTimeout = timeout }
      secure(&$0)
    }
  }

  static let missing = HoldfastError(
    .invalidArgument, "no store is named: give --endpoints URL,… or set \(variable)")
}

extension Duration {
  /// An option's value, refused when it is no time that anybody could wait.
  init(positiveSeconds seconds: Double, option: String) throws {
    guard seconds > 0, seconds <= 1_000_000_000 else {
      throw HoldfastError(.invalidArgument, "\(option) is \(seconds); it must be a positive number of seconds")
    }
    self = .seconds(seconds)
  }
}
