internal import HoldfastCore

/// A watch that ends with an error.
final class FailingWatch: WatchSource {
  private let error: HoldfastError
  private let once = Once()

  init(_ error: HoldfastError) { self.error = error }

  func next() async throws(HoldfastError) -> WatchUpdate? {
    guard once.isFirst() else { return nil }
    throw error
  }
}
