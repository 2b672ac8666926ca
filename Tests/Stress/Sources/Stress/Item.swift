import HoldfastStructures
import Synchronization

/// An entry that knows whether it still lives.
final class Item: Entry, @unchecked Sendable {
  static let living = Atomic<Int>(0)
  private static let alive: UInt64 = 0xA11F_E5EE_D0C0_FFEE

  let version: Int
  private var canary = alive
  private let outcome = OnceReference<Decoded>()

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

  /// As a value that is decoded on demand: made by those who come first, and lent to everybody.
  var decodedVersion: Int? {
    if let version = keptVersion { return version }
    outcome.set(Decoded(version))
    return keptVersion
  }

  /// Where what was made of it is, or will be.
  var decodedAddress: UnsafeRawPointer? { outcome.address }

  private var keptVersion: Int? { outcome.withObject { $0?.livingVersion } }
}

/// What was made of an item.
final class Decoded: Sendable {
  static let living = Atomic<Int>(0)

  private let version: Mutex<Int?>

  init(_ version: Int) {
    self.version = Mutex(version)
    Self.living.add(1, ordering: .relaxed)
  }

  deinit {
    version.withLock { $0 = nil }
    Self.living.subtract(1, ordering: .relaxed)
  }

  var livingVersion: Int? { version.withLock { $0 } }
}

extension Unmanaged<Entry> {
  /// Every entry here is one.
  var item: Item { unsafeDowncast(takeUnretainedValue(), to: Item.self) }
}
