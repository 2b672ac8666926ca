import HoldfastStructures
import Synchronization

/// An entry that knows whether it still lives.
final class Item: Entry, @unchecked Sendable {
  static let living = Atomic<Int>(0)
  private static let alive: UInt64 = 0xA11F_E5EE_D0C0_FFEE

  let version: Int
  private var canary = alive

  init(_ key: [UInt8], _ version: Int) {
    self.version = version
    super.init(keyBytes: key)
    Self.living.add(1, ordering: .relaxed)
  }

  deinit {
    canary = 0
    Self.living.subtract(1, ordering: .relaxed)
  }

  override func duplicate() -> Entry { Item(keyBytes, version) }
  override var weight: Int { 1 }

  var isAlive: Bool { canary == Self.alive }
}

extension Unmanaged<Entry> {
  /// Every entry here is one.
  var item: Item { unsafeDowncast(takeUnretainedValue(), to: Item.self) }
}
