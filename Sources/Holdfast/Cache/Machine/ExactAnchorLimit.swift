import HoldfastCore

/// How large a range may be for all that it holds to be asked for, where the cache asks whether the store still has its past.
package struct ExactAnchorLimit: Sendable {
  package var keys: Int
  package var bytes: Int

  package init(keys: Int = 128, bytes: Int = 64 << 10) {
    self.keys = keys
    self.bytes = bytes
  }

  func cover(_ keyValues: some Sequence<KeyValue>, count: Int) -> Bool {
    guard count <= keys else { return false }
    var total = 0
    for keyValue in keyValues {
      total += keyValue.key.bytes.count + keyValue.value.count
      if total > bytes { return false }
    }
    return true
  }
}
