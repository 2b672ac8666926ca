/// What was taken out of a structure and may still be read: kept until no reader can see it.
struct Limbo {
  enum Item {
    /// A reference that the structure held.
    case object(Unmanaged<Entry>)
    /// Memory of which nothing needs to be destroyed.
    case memory(UnsafeMutableRawPointer)
  }

  private let barrier: Epochs.Barrier
  /// Not stamped yet.
  private var fresh: [Item] = []
  /// The oldest first.
  private var stamped: [(stamp: UInt64, items: [Item])] = []
  private(set) var gauge = ReclamationGauge()

  /// So many, or so many bytes, are worth a look at every slot.
  private static let batch = 512
  private static let batchBytes = 1 << 20
  private var freshBytes = 0

  init(_ barrier: Epochs.Barrier) { self.barrier = barrier }

  mutating func retire(_ item: Item) {
    fresh.append(item)
    gauge.retired += 1
    // The entry is retained until it is freed here.
    if case .object(let entry) = item { freshBytes += entry._withUnsafeGuaranteedRef { $0.weight } }
  }

  /// Call it after everything that was retired has been taken out.
  mutating func reclaimNowAndThen() {
    if fresh.count >= Self.batch || freshBytes >= Self.batchBytes { reclaim() }
  }

  mutating func reclaim() {
    if !fresh.isEmpty {
      stamped.append((Epochs.advance(), fresh))
      (fresh, freshBytes) = ([], 0)
      fresh.reserveCapacity(Self.batch + 64)
    }
    guard !stamped.isEmpty else { return }
    let oldest = Epochs.oldest(barrier)
    let done = stamped.prefix { $0.stamp < oldest }
    for (_, items) in done {
      for item in items { Self.free(item) }
      gauge.freed += items.count
    }
    stamped.removeFirst(done.count)
  }

  /// Frees everything. Only for who knows that nobody reads any more.
  mutating func drain() {
    for (_, items) in stamped { for item in items { Self.free(item) } }
    for item in fresh { Self.free(item) }
    gauge.freed = gauge.retired
    (stamped, fresh) = ([], [])
  }

  private static func free(_ item: Item) {
    switch item {
    // The reference that the structure took when it was put in.
    case .object(let entry): entry.release()
    // Made by `allocate`, and trivial.
    case .memory(let memory): memory.deallocate()
    }
  }
}

/// How much was taken out of a structure, and how much of that was freed.
public struct ReclamationGauge: Hashable, Sendable {
  public var retired = 0
  public var freed = 0
  /// What waits for readers, or for more to be freed with it.
  public var pending: Int { retired - freed }
}
