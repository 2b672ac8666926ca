internal import HoldfastCore

/// The leases of a store and the keys attached to them.
struct LeaseTable: Sendable {
  struct Entry: Sendable {
    /// The granted time to live in seconds.
    var ttl: Int64
    /// When it expires, in the caller's time.
    var deadline: Duration
    var keys: Set<Key> = []
  }

  private var entries: [LeaseID: Entry] = [:]
  /// The last id that the store chose itself.
  private var lastChosen: Int64 = 0

  func contains(_ id: LeaseID) -> Bool { entries[id] != nil }

  subscript(id: LeaseID) -> Entry? { entries[id] }

  var ids: [LeaseID] { entries.keys.sorted { $0.rawValue < $1.rawValue } }

  /// No lease expires before this time; nil when none can. It is exact after ``expired(at:)`` and may be early later, which
  /// spares a look at every lease with every renewal.
  private(set) var nextDeadline: Duration?

  /// The leases whose time is over, those that ended first coming first.
  mutating func expired(at now: Duration) -> [LeaseID] {
    guard let nextDeadline, nextDeadline <= now else { return [] }
    self.nextDeadline = entries.values.lazy.map(\.deadline).filter { $0 > now }.min()
    return entries.filter { $0.value.deadline <= now }
      .sorted { ($0.value.deadline, $0.key.rawValue) < ($1.value.deadline, $1.key.rawValue) }
      .map(\.key)
  }

  /// An id that is not taken.
  mutating func chooseID() -> LeaseID {
    repeat { lastChosen &+= 1 } while lastChosen == 0 || contains(LeaseID(lastChosen))
    return LeaseID(lastChosen)
  }

  mutating func grant(_ id: LeaseID, ttl: Int64, now: Duration) {
    let deadline = now + .seconds(ttl)
    entries[id] = Entry(ttl: ttl, deadline: deadline)
    nextDeadline = min(nextDeadline ?? deadline, deadline)
  }

  mutating func renew(_ id: LeaseID, now: Duration) {
    guard let ttl = entries[id]?.ttl else { return }
    entries[id]?.deadline = now + .seconds(ttl)
  }

  mutating func remove(_ id: LeaseID) { entries[id] = nil }

  /// Detaches a key from the lease it had and attaches it to another.
  mutating func move(_ key: Key, from old: LeaseID?, to new: LeaseID?) {
    guard old != new else { return }
    if let old { entries[old]?.keys.remove(key) }
    if let new { entries[new]?.keys.insert(key) }
  }
}
