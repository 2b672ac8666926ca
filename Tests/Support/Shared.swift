import Synchronization

/// A value that several tasks of a test change.
package final class Shared<Value: Sendable>: Sendable {
  private let held: Mutex<Value>

  package init(_ value: Value) { held = Mutex(value) }

  package var value: Value { held.withLock { $0 } }

  @discardableResult
  package func withLock<R: Sendable>(_ body: (inout Value) throws -> R) rethrows -> R {
    try held.withLock { try body(&$0) }
  }
}
