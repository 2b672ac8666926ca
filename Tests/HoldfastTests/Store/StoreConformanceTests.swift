import HoldfastEmbedded
import HoldfastTesting
import Testing

/// All of it on the engine; elsewhere the same suite runs on etcd.
@Suite(.serialized) struct StoreConformanceTests {
  @Test(arguments: StoreConformance.cases)
  func conforms(_ rule: ConformanceCase) async throws {
    try await withEmbedded { try await rule.run(on: $0) }
  }
}
