/// How large a range may be for all that it holds to be asked for, where the cache asks whether the store still has its past.
package struct ExactAnchorLimit: Sendable {
  package var keys: Int
  package var bytes: Int

  package init(keys: Int = 128, bytes: Int = 64 << 10) {
    self.keys = keys
    self.bytes = bytes
  }

  func cover(_ records: RecordMap) -> Bool {
    guard records.count <= keys else { return false }
    var total = 0
    for (key, record) in records {
      total += key.bytes.count + record.valueSize
      if total > bytes { return false }
    }
    return true
  }
}
