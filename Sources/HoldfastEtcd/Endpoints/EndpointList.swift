import HoldfastEtcdMachines
import Synchronization

/// The endpoints that calls, watches and maintenance share, by number.
final class EndpointList: Sendable {
  private let directory: Mutex<EndpointDirectory>

  /// - Parameter parsed: What each text means; nil for what tests connect in their own way.
  init(_ texts: [String], parsed: [Endpoint?]) {
    let addresses = zip(texts, parsed).map { text, endpoint in
      endpoint.map { EndpointDirectory.Address($0) }
        ?? EndpointDirectory.Address(name: text, scheme: "", reach: .anywhere)
    }
    directory = Mutex(EndpointDirectory(addresses))
  }

  var inUse: [Int] { directory.withLock { $0.inUse } }

  func name(_ number: Int) -> String {
    directory.withLock { $0.names.indices.contains(number) ? $0.names[number] : "endpoint \(number)" }
  }

  /// The number of an endpoint that somebody names; nil when too many were named.
  func number(of endpoint: Endpoint) -> Int? {
    let actions = directory.withLock { $0.handle(.named(endpoint.description)) }
    guard case .number(let number)? = actions.first else { return nil }
    return number
  }

  /// What the members' client URLs change, or nil. Only endpoints that `isAllowed` allows are adopted.
  func adopt(_ members: [EtcdMember], where isAllowed: (Endpoint) -> Bool) -> [Int]? {
    let addresses = Self.endpoints(of: members).filter(isAllowed).map { EndpointDirectory.Address($0) }
    guard case .use(let list)? = directory.withLock({ $0.handle(.advertised(addresses)) }).first else { return nil }
    return list
  }

  /// The members' client URLs that might be adopted.
  func acceptable(_ members: [EtcdMember], where isAllowed: (Endpoint) -> Bool) -> [Endpoint] {
    let endpoints = Self.endpoints(of: members).filter(isAllowed)
    return directory.withLock { directory in endpoints.filter { directory.isAcceptable(.init($0)) } }
  }

  private static func endpoints(of members: [EtcdMember]) -> [Endpoint] {
    // What cannot be understood cannot be connected to.
    members.filter { !$0.isLearner }.flatMap(\.clientURLs).compactMap { try? Endpoint($0) }
  }
}

extension EndpointDirectory.Address {
  init(_ endpoint: Endpoint) {
    let name = endpoint.description
    let reach: Reach =
      switch endpoint.address {
      case .unix: .thisMachine
      case .host(let host, _):
        switch host.lowercased() {
        case "localhost", "::1": .thisMachine
        case "0.0.0.0", "::": .nowhere
        case let host: host.hasPrefix("127.") ? .thisMachine : .anywhere
        }
      }
    self.init(name: name, scheme: String(name.prefix { $0 != ":" }), reach: reach)
  }
}
