/// Which endpoints there are, and which of them calls go to: those that the configuration names, and those that the cluster's
/// member list adds. An endpoint keeps its number for ever.
package struct EndpointDirectory: Sendable {
  /// An address that a member advertises, or that the configuration names.
  package struct Address: Hashable, Sendable {
    /// Who can reach an address.
    package enum Reach: Sendable {
      case anywhere, thisMachine, nowhere
    }

    /// In one spelling, so that the same address is the same endpoint.
    package var name: String
    package var scheme: String
    package var reach: Reach

    package init(name: String, scheme: String, reach: Reach) {
      self.name = name
      self.scheme = scheme
      self.reach = reach
    }
  }

  package enum Input: Hashable, Sendable {
    /// The client URLs of the members that vote, as the member list has them.
    case advertised([Address])
    /// Somebody names an endpoint: it gets a number, and serves nobody else. Without an answer there are too many.
    case named(String)
  }

  package enum Action: Hashable, Sendable {
    /// From now on calls go to these, in this order.
    case use([Int])
    case number(Int)
  }

  /// A member list is foreign data: no more addresses than this are taken from one, and from all of them. Of the endpoints that
  /// somebody names there are no more than the latter either; they take no room from the members'.
  package static let limit = 64
  package static let totalLimit = 1_024

  package private(set) var names: [String]
  /// Where calls go, in order.
  package private(set) var inUse: [Int]
  private let configured: [Address]
  /// The configured ones count as advertised.
  private var advertisedCount: Int
  private var namedCount = 0

  package init(_ configured: [Address]) {
    self.configured = configured
    advertisedCount = configured.count
    names = configured.map(\.name)
    inUse = Array(names.indices)
  }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .named(let name): return number(of: name, in: \.namedCount).map { [.number($0)] } ?? []
    case .advertised(let addresses):
      var adopted: [Int] = []
      for address in addresses where isAcceptable(address) && adopted.count < Self.limit {
        guard let number = number(of: address.name, in: \.advertisedCount) else { continue }
        if !adopted.contains(number) { adopted.append(number) }
      }
      // A list without a usable address says nothing about where to go.
      guard !adopted.isEmpty else { return [] }
      let list = adopted + configured.indices.filter { !adopted.contains($0) }
      guard list != inUse else { return [] }
      inUse = list
      return [.use(list)]
    }
  }

  /// Never less safe than what was configured (`http` does not follow from `https`), and no address that means "here" to the
  /// member that advertises it and something else to us.
  package func isAcceptable(_ address: Address) -> Bool {
    guard configured.contains(where: { $0.scheme == address.scheme }) else { return false }
    return switch address.reach {
    case .anywhere: true
    case .thisMachine: configured.contains { $0.reach == .thisMachine }
    case .nowhere: false
    }
  }

  /// Nil for a new name when there are as many of its sort as there may be.
  private mutating func number(of name: String, in count: WritableKeyPath<Self, Int>) -> Int? {
    if let number = names.firstIndex(of: name) { return number }
    guard self[keyPath: count] < Self.totalLimit else { return nil }
    self[keyPath: count] += 1
    names.append(name)
    return names.count - 1
  }
}
