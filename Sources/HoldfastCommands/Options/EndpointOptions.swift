import ArgumentParser
import Holdfast
import HoldfastEtcd

/// Which store to use.
struct EndpointOptions: ParsableArguments {
  static let variable = "HOLDFAST_ENDPOINTS"

  @Option(help: "The etcd members' client URLs, such as http://127.0.0.1:2379. (default: $HOLDFAST_ENDPOINTS)")
  var endpoints: String?

  @Option(parsing: .unconditional, help: "How many seconds one request may take. (default: 5)")
  var timeout: Double?

  @OptionGroup var security: SecurityOptions

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
    let secure = try security.configure(for: tool)
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
