import HoldfastCore
import Logging

extension EtcdBackend {
  /// Where calls and watches go, in the order in which the endpoints are tried after one that does not serve: what the
  /// configuration names, and, with member synchronization, the client URLs of the cluster's members before them.
  public var endpoints: [String] { list.inUse.map { list.name($0) } }

  /// Makes calls and watches go to the members' client URLs first.
  func follow(_ members: [EtcdMember]) async {
    // Foreign data does not make us tell a secret.
    let isSecret = { (endpoint: Endpoint) in (try? self.configuration.checkSecrecy(of: endpoint)) != nil }
    guard let numbers = list.adopt(members, where: isSecret) else { return }
    configuration.logger.info("etcd endpoints changed", metadata: ["endpoints": "\(endpoints)"])
    await caller.use(numbers)
    await watchShell.use(numbers)
  }

  /// Follows the cluster's members until the task is cancelled.
  func followMembers() async {
    guard let interval = configuration.memberSynchronization else { return }
    while !Task.isCancelled {
      do {
        await follow(try await cluster.members())
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
    return list.number(of: parsed)
  }
}
