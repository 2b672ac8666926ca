import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// A cache on three members, of which one after the other is away.
@Suite(.serialized) struct MemberFailureTests {
  enum Failure: CaseIterable { case killed, suspended }

  /// Whichever member the watch and the calls were with, they go on with another one, and nothing is missed.
  @Test(arguments: Failure.allCases) func aCacheOutlivesEveryMember(failure: Failure) async throws {
    try await withEtcdCluster(.v3_4_23) { cluster in
      try await withStore(.etcd(endpoints: cluster.endpoints), logger: .quiet) { store in
        try await withStore(.etcd(endpoints: cluster.endpoints), logger: .quiet) { other in
          try await store.withCache(of: items, configuration: .patient) { cache in
            for (round, member) in cluster.members.enumerated() {
              switch failure {
              case .killed: try await member.kill()
              case .suspended: try await member.suspend()
              }
              var last = Revision.zero
              for index in 0..<20 {
                let item = Item(id: "\(round)-\(index)", n: round)
                try await eventually(within: .seconds(90), "a write succeeds without member \(round)") {
                  last = try await (index % 2 == 0 ? store : other).execute(items.put(item)).modRevision
                  return true
                }
              }
              try await cache.wait(for: last, timeout: .seconds(90))
              #expect(try cache.count() == 20 * (round + 1))
              try await expectEqual(cache, other)
              switch failure {
              case .killed: try await member.restart()
              case .suspended: try member.resume()
              }
              try await member.waitUntilHealthy()
            }
          }
        }
      }
    }
  }
}
