import HoldfastCore
import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  /// A server that takes no (more) streams on a connection keeps what is sent on a new one for ever.
  @Suite struct FullConnection {
    @Test func aWatchSaysThatItWaitsAndTriesAnotherConnection() async throws {
      let server = try await ScriptedServer.start(maximumStreams: 0)
      var configuration = EtcdConfiguration(endpoints: ["\(server.endpoint)"])
      configuration.watchAnswerTimeout = .milliseconds(100)
      let etcd = try EtcdBackend(configuration)
      let watch = Task {
        var causes: [HoldfastError] = []
        for try await update in etcd.watch(WatchRequest(.all)) {
          if case .interrupted(let error) = update { causes.append(error) }
          if causes.count == 1 { break }
        }
        return causes
      }
      #expect(try await watch.value.first?.code == .timeout)
      #expect(await server.waits(for: .connectionClosed))
      await server.stop()
    }
  }
}
