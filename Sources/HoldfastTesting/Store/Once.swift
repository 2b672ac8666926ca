internal import Synchronization

/// True the first time.
final class Once: Sendable {
  private let used = Mutex(false)

  func isFirst() -> Bool {
    used.withLock { used in
      defer { used = true }
      return !used
    }
  }
}
