internal import Synchronization

/// Keys by their hash: open addressing, linear probing. Many read while one writes.
///
/// Invariants:
/// 1. A slot's hash is written once, after its entry; 0 means that nothing was ever there, and ends every search.
/// 2. A slot whose entry is nil was deleted; it is taken again only for the same hash.
/// 3. A table that has been replaced is never written again.
struct HashTable {
  struct Slot: ~Copyable {
    let hash = Atomic<UInt64>(0)
    let entry = Atomic<UnsafeRawPointer?>(nil)
  }

  let slots: UnsafeMutablePointer<Slot>
  let mask: Int

  init(capacity: Int) {
    mask = capacity - 1
    slots = .allocate(capacity: capacity)
    for index in 0..<capacity { (slots + index).initialize(to: Slot()) }
  }

  var capacity: Int { mask + 1 }
  var memory: UnsafeMutableRawPointer { UnsafeMutableRawPointer(slots) }

  /// What a reader of that step sees under a key; the caller is in an epoch, or is the writer.
  @inline(__always)
  func find(
    _ key: UnsafeRawBufferPointer, _ hash: UInt64, after skip: Int, asOf sequence: UInt64
  ) -> Unmanaged<Entry>? {
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      // The mask keeps the index inside the table, which always has an empty slot.
      let held = slots[index].hash.load(ordering: .acquiring)
      if held == 0 { return nil }
      // Only entries are ever stored there, each retained by the index until no reader of this epoch is left.
      if held == hash, let newest = slots[index].entry.load(ordering: .acquiring) {
        let entry = Unmanaged<Entry>.fromOpaque(newest)
        if entry.hasKey(key, after: skip) { return entry.seen(asOf: sequence) }
      }
      index = (index + 1) & mask
    }
  }

  /// Where a key is, or is to be put.
  func place(_ key: UnsafeRawBufferPointer, _ hash: UInt64, after skip: Int) -> (index: Int, entry: Unmanaged<Entry>?) {
    var index = Int(truncatingIfNeeded: hash) & mask
    var free: Int?
    while true {
      let held = slots[index].hash.load(ordering: .relaxed)
      if held == 0 { return (free ?? index, nil) }
      if held == hash {
        if let pointer = slots[index].entry.load(ordering: .relaxed) {
          let entry = Unmanaged<Entry>.fromOpaque(pointer)
          if entry.hasKey(key, after: skip) { return (index, entry) }
        } else if free == nil {
          free = index
        }
      }
      index = (index + 1) & mask
    }
  }

  /// Returns whether the slot was empty.
  func put(_ entry: Unmanaged<Entry>, _ hash: UInt64, at index: Int) -> Bool {
    slots[index].entry.store(UnsafeRawPointer(entry.toOpaque()), ordering: .releasing)
    guard slots[index].hash.load(ordering: .relaxed) == 0 else { return false }
    slots[index].hash.store(hash, ordering: .releasing)
    return true
  }

  /// Clears a slot that holds what stands for no entry.
  func clearAbsent(_ index: Int) {
    guard let entry = slots[index].entry.load(ordering: .relaxed) else { return }
    guard Unmanaged<Entry>.fromOpaque(entry)._withUnsafeGuaranteedRef(\.isAbsent) else { return }
    slots[index].entry.store(nil, ordering: .releasing)
  }

  /// A table of another size with the same entries, and nothing deleted.
  func rebuilt(capacity: Int) -> HashTable {
    let table = HashTable(capacity: capacity)
    for index in 0...mask {
      guard let entry = slots[index].entry.load(ordering: .relaxed) else { continue }
      let hash = slots[index].hash.load(ordering: .relaxed)
      var place = Int(truncatingIfNeeded: hash) & table.mask
      while table.slots[place].hash.load(ordering: .relaxed) != 0 { place = (place + 1) & table.mask }
      _ = table.put(Unmanaged.fromOpaque(entry), hash, at: place)
    }
    return table
  }
}

extension Unmanaged<Entry> {
  /// The entry is not retained for it: whoever calls knows that it lives.
  @inline(__always)
  func hasKey(_ key: UnsafeRawBufferPointer, after skip: Int) -> Bool {
    _withUnsafeGuaranteedRef { entry in entry.withKey(after: skip) { Bytes.areEqual($0, key) } }
  }

  /// This entry, or the one of before for a reader of before.
  @inline(__always)
  func seen(asOf sequence: UInt64) -> Unmanaged<Entry>? {
    var next: Unmanaged<Entry>? = self
    while let entry = next {
      let (published, isAbsent) = entry._withUnsafeGuaranteedRef { ($0.sequence, $0.isAbsent) }
      if published <= sequence { return isAbsent ? nil : entry }
      next = entry._withUnsafeGuaranteedRef { $0.previous }
    }
    return nil
  }
}
