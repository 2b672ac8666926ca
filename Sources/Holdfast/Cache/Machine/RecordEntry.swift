package import HoldfastCore
package import HoldfastStructures

/// The object behind a record, which an index holds as it is: a look-up finds the key, the value and what the store said of it
/// in one place.
///
/// `@unchecked Sendable` as ``Entry`` is: what is added is constant.
package class RecordEntry<Content: Sendable>: Entry, @unchecked Sendable {
  package final let keyValue: KeyValue

  init(keyValue: KeyValue, kind: UInt8 = 0) {
    self.keyValue = keyValue
    super.init(keyBytes: keyValue.key.bytes, kind: kind)
  }

  package override var weight: Int { keyValue.key.bytes.count + keyValue.value.count }

  /// Every subclass has one; Swift has no word for that.
  package var content: Content { preconditionFailure("a record without a content") }
}

/// A record whose content is beside the key-value.
final class PlainEntry<Content: Sendable>: RecordEntry<Content>, @unchecked Sendable {
  private let held: Content

  init(keyValue: KeyValue, content: Content) {
    held = content
    super.init(keyValue: keyValue)
  }

  override var content: Content { held }
  override func duplicate() -> Entry { PlainEntry(keyValue: keyValue, content: held) }
}
