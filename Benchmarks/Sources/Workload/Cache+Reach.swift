public import Holdfast

extension Cache {
  /// Returns when the cache has applied a revision that the store may yet have to reach (for which `wait(for:)` would not wait). It
  /// looks every two milliseconds, which is next to no processor time.
  public func reach(_ revision: Revision, within limit: Duration = .seconds(300)) async throws {
    let deadline = ContinuousClock.now + limit
    while try snapshot().revision < revision {
      guard ContinuousClock.now < deadline else { throw HoldfastError(.timeout, "revision \(revision) never came") }
      try await Task.sleep(for: .milliseconds(2))
    }
  }
}
