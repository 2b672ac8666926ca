import HoldfastCore

/// Acknowledged writes that the base does not have yet: one entry for each key (a record or a tombstone), and tombstones of
/// ranges, which also hide keys that have not arrived.
///
/// Entries that a range tombstone outdates are not kept, so an entry that is there is at least as new as the tombstones
/// over it.
struct CacheOverlay: Sendable {
  enum Lookup {
    case record(CacheRecord)
    case gone
    /// The overlay says nothing about the key.
    case nothing
  }

  private struct Entry: Sendable {
    var revision: Revision
    var record: CacheRecord?

    func bytes(_ key: Key) -> Int { key.bytes.count + (record?.heldSize ?? 0) }
  }

  private var entries = SortedMap<Entry>()
  private var ranges = RangeTombstones()
  private var order = EvictionOrder()
  private var entryBytes = 0
  private var keyTombstones = 0

  var count: Int { entries.count + ranges.count }
  var isEmpty: Bool { count == 0 }
  var bytes: Int { entryBytes + ranges.bytes }
  var tombstoneCount: Int { keyTombstones + ranges.count }

  subscript(key: Key) -> Lookup {
    if let entry = entries[key] { return entry.record.map(Lookup.record) ?? .gone }
    return ranges.revision(covering: key) == nil ? .nothing : .gone
  }

  /// The revision of the newest write of a key, deletes of ranges included.
  func revision(of key: Key) -> Revision? {
    entries[key]?.revision ?? ranges.revision(covering: key)
  }

  /// A key as of a revision, nil for a deleted one. Acknowledgements come in any order, the newest stays; of several
  /// operations at one revision, the last.
  mutating func set(_ record: CacheRecord?, for key: Key, at revision: Revision) {
    if let held = entries[key], held.revision > revision { return }
    if let covered = ranges.revision(covering: key), covered > revision { return }
    remove(key)
    let entry = Entry(revision: revision, record: record)
    entries[key] = entry
    entryBytes += entry.bytes(key)
    if record == nil { keyTombstones += 1 }
    order.insert(key, at: revision)
    // Overwritten entries leave their place in the order behind; it is cleared before it outgrows the entries.
    if order.count > 2 * entries.count + 64 { order.keep { entries[$0]?.revision == $1 } }
  }

  mutating func delete(_ range: KeyRange, at revision: Revision) {
    for (key, entry) in entries.elements(in: range) where entry.revision <= revision { remove(key) }
    ranges.insert(range, at: revision)
  }

  /// Drops what the base has reached.
  mutating func evict(through revision: Revision) {
    for (key, written) in order.removeAll(through: revision) where entries[key]?.revision == written { remove(key) }
    ranges.evict(through: revision)
  }

  /// What `evict` would drop.
  func forEachEviction(through revision: Revision, key: (Key) -> Void, range: (KeyRange) -> Void) {
    order.forEach(through: revision, key)
    ranges.forEach(through: revision, range)
  }

  func forEachKey(in range: KeyRange, _ body: (Key) -> Void) {
    entries.forEach(in: range) {
      body($0.key)
      return true
    }
  }

  private mutating func remove(_ key: Key) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    entryBytes -= entry.bytes(key)
    if entry.record == nil { keyTombstones -= 1 }
  }
}
