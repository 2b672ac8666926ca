/// How a case executes its operation: every operation must do the same in each of them.
enum Way: String, CaseIterable, Sendable {
  case alone
  /// Between a put and a read, through `Store.commit(_:)` with several operations.
  case together = "in a transaction"
  /// The same through a `Transaction`.
  case built = "in a built transaction"
}

extension ConformanceCase {
  /// One case for each way to execute its operation.
  static func everyWay(
    _ name: String, _ body: @escaping @Sendable (StoreContext) async throws -> Void
  ) -> [ConformanceCase] {
    Way.allCases.map { way in
      ConformanceCase("\(name) (\(way.rawValue))") { try await body(StoreContext($0, way)) }
    }
  }

  /// A case that chooses itself how to execute.
  static func store(
    _ name: String, _ body: @escaping @Sendable (StoreContext) async throws -> Void
  ) -> [ConformanceCase] {
    [ConformanceCase(name) { try await body(StoreContext($0, .alone)) }]
  }
}
