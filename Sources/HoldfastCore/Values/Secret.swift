/// A value that is nobody's to read: however it, or what holds it, is printed, mirrored or dumped, it shows only that it is there.
package struct Secret<Value: Hashable & Sendable>: Hashable, Sendable {
  /// The value itself, for the one place that sends it.
  package let exposed: Value

  package init(_ value: Value) { exposed = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(secret)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
