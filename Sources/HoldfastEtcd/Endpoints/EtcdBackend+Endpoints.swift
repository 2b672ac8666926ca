import HoldfastCore
import HoldfastEtcdMachines
import Logging

extension EtcdBackend {
  /// Where calls and watches go, in the order in which the endpoints are tried after one that does not serve: what the
  /// configuration names, and, with member synchronization, the client URLs of the cluster's members before them.
  public var endpoints: [String] { list.inUse.map { list.name($0) } }

  /// Makes calls and watches go to the members' client URLs first.
  func follow(_ members: [EtcdMember]) {
    guard let numbers = list.adopt(members, where: isSecret) else { return }
    configuration.logger.info("etcd endpoints changed", metadata: ["endpoints": "\(endpoints)"])
    caller.use(numbers)
    watchShell.use(numbers)
  }

  /// The members' client URLs to which calls might go.
  func acceptableEndpoints(of members: [EtcdMember]) -> [String] {
    list.acceptable(members, where: isSecret).prefix(EndpointDirectory.limit).map(\.description)
  }

  /// Foreign data does not make us tell a secret.
  private func isSecret(_ endpoint: Endpoint) -> Bool { (try? configuration.checkSecrecy(of: endpoint)) != nil }

  /// Follows the cluster's members until the task is cancelled.
  func followMembers() async {
    guard let interval = configuration.memberSynchronization else { return }
    while !Task.isCancelled {
      do {
        follow(try await cluster.members())
      } catch {
        configuration.logger.info("etcd members unknown", metadata: ["error": "\(error)"])
      }
      // Zero would ask in a loop.
      let pause = max(interval, .milliseconds(100))
      do { try await caller.time.sleep(caller.time.now() + pause) } catch { return }
    }
  }

  /// The number of an endpoint that a caller names.
  func number(of endpoint: String) throws(HoldfastError) -> Int {
    let parsed: Endpoint
    do {
      parsed = try Endpoint(endpoint)
    } catch {
      throw HoldfastError(.invalidArgument, error.message)
    }
    try configuration.checkSecrecy(of: parsed)
    guard let number = list.number(of: parsed) else {
      throw HoldfastError(
        .invalidArgument, "there were \(EndpointDirectory.totalLimit) other endpoints already: use another backend")
    }
    return number
  }
}
