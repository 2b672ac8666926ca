import HoldfastCore
import HoldfastEmbedded
import HoldfastTesting
import Testing

@Suite struct ConformanceTests {
  @Test(arguments: BackendConformance.cases)
  func conforms(_ rule: ConformanceCase) async throws {
    try await withEmbedded { try await rule.run(on: $0) }
  }

  /// As on an etcd that others use: one store for all, compacted under way.
  @Test func conformsOnASharedStore() async throws {
    try await withEmbedded { engine in
      for rule in BackendConformance.cases { try await rule.run(on: engine) }
    }
  }

  @Test func caseNamesAreUnique() {
    let names = BackendConformance.cases.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.count >= 60)
  }
}
