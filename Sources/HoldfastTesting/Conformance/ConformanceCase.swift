public import HoldfastCore

/// One rule that every backend has to keep, as a check that can be run on any of them.
///
/// A case writes only below a key prefix of its own, which is new at every run, and assumes nothing of what else is in the
/// store or of its revision. So cases can run on a real etcd that others use. Some cases compact the store: run them one
/// after another (`.serialized`).
public struct ConformanceCase: Sendable, CustomStringConvertible {
  /// The rule, in a few words.
  public let name: String
  private let body: @Sendable (ConformanceContext) async throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (ConformanceContext) async throws -> Void) {
    self.name = name
    self.body = body
  }

  public var description: String { name }

  /// Checks the rule. Throws ``ConformanceFailure`` where the backend breaks it or takes longer than 30 seconds, and the
  /// backend's own error where a request fails that must not.
  ///
  /// Somebody else's compaction can take away history that a case needs; then the case begins again with a new prefix.
  public func run(on backend: any Backend) async throws {
    for _ in 1...3 {
      do {
        return try await runOnce(on: backend)
      } catch {
        guard HoldfastError(wrapping: error).code == .compacted else { throw error }
      }
    }
    try await runOnce(on: backend)
  }

  private func runOnce(on backend: any Backend) async throws {
    let context = ConformanceContext(backend: backend)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await body(context) }
      group.addTask {
        try await Task.sleep(for: .seconds(30))
        throw ConformanceFailure("no end after 30 seconds: an answer or an event is missing")
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}

/// A rule that a backend broke.
public struct ConformanceFailure: Error, CustomStringConvertible {
  /// What was expected and what came.
  public let message: String
  /// The check, in the suite's sources.
  public let file: String
  public let line: UInt

  init(_ message: String, file: String = #fileID, line: UInt = #line) {
    self.message = message
    self.file = file
    self.line = line
  }

  public var description: String { "\(message) (\(file):\(line))" }
}
