import Synchronization

/// A value that several tasks of a test change.
final class Shared<Value: Sendable>: Sendable {
  private let held: Mutex<Value>

  init(_ value: Value) { held = Mutex(value) }

  var value: Value { held.withLock { $0 } }

  @discardableResult
  func withLock<R: Sendable>(_ body: (inout Value) throws -> R) rethrows -> R {
    try held.withLock { try body(&$0) }
  }
}
