/// How much acknowledged writes may pile up before the watch confirms them; beyond it the cache lists again.
package struct OverlayLimit: Hashable, Sendable {
  package var entries: Int
  /// Of keys and values together.
  package var bytes: Int

  package init(entries: Int = 10_000, bytes: Int = 16 << 20) {
    self.entries = entries
    self.bytes = bytes
  }
}
