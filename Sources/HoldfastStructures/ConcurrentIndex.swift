private import CHoldfastStructures
internal import Synchronization

/// Entries by key and in key order. One writes at a time, in steps; any number of threads read meanwhile, without a lock and
/// without waiting, and each sees a step whole or not at all.
///
/// Invariants:
/// 1. What readers see is one ``State``, published by one store of its pointer. It never changes.
/// 2. The table is shared by many states: entries of a step are put into it before the step is published, and say so by their
///    sequence, which is above that of every state that is out; who reads such a state finds the entry of before behind it.
///    What a step deleted goes from the table after it is published. So the table may lack what the newest state does not have,
///    and who misses something there and sees a newer state than his looks into his own state's tree (``lookUp(_:in:)``).
/// 3. The index holds a reference to every entry in its tree, and to every one that is retired.
/// 4. A reader is in an epoch from before it loads the state until after it has used what it found (``Epochs``).
/// `@unchecked Sendable`: what its pointers lead to is read and written by these rules only.
public final class ConcurrentIndex: @unchecked Sendable {
  /// What a step says beside its entries.
  public struct Marks: Hashable, Sendable {
    public var revision: Int64 = 0
    public var isLoaded = false
  }

  public struct Change: Sendable {
    public let keyBytes: [UInt8]
    /// Nil: the key is gone.
    public let entry: Entry?

    public init(keyBytes: [UInt8], entry: Entry?) { (self.keyBytes, self.entry) = (keyBytes, entry) }
  }

  @usableFromInline
  struct State {
    var sequence: UInt64 = 0
    var table: HashTable
    var tree: Tree
    var weight = 0
    var marks = Marks()
  }

  /// The writer's own. Its lock is in an object of its own, away from what readers load.
  private final class Writer: Sendable {
    struct Content: ~Copyable {
      var limbo: Limbo
      /// Slots of the table that are not empty, deleted ones among them.
      var used = 0
    }

    let content: Mutex<Content>

    init(_ barrier: Epochs.Barrier) { content = Mutex(Content(limbo: Limbo(barrier))) }
  }

  let hasher = ByteHasher()
  /// The length of the prefix that all keys share.
  public let skip: Int
  let barrier: Epochs.Barrier
  public var isAsymmetric: Bool { barrier == .membarrier }
  let counter = Epochs.counter
  let state: Atomic<UnsafeMutablePointer<State>>
  private let writer: Writer

  /// - Parameter skip: The length of the prefix that all keys share: look-ups and bounds are given without it.
  public init(skip: Int, barrier: Epochs.Barrier = .best) {
    self.skip = skip
    self.barrier = barrier
    let first = UnsafeMutablePointer<State>.allocate(capacity: 1)
    first.initialize(to: State(table: HashTable(capacity: Self.smallest), tree: Tree(root: nil, skip: skip)))
    state = Atomic(first)
    writer = Writer(barrier)
  }

  deinit {
    // Nobody has a reference to the index any more, so nobody reads.
    let last = state.load(ordering: .acquiring)
    last.pointee.tree.forEach(from: 0, count: last.pointee.tree.count) {
      $0.release()
      return true
    }
    last.pointee.tree.forEachNode { $0.memory.deallocate() }
    last.pointee.table.memory.deallocate()
    last.deallocate()
    writer.content.withLock { $0.limbo.drain() }
  }

  // MARK: Reading

  @usableFromInline
  func beginRead() -> EpochRead {
    // The thread's own, for as long as it lives.
    let slot = Epochs.slot()
    slot.enter(barrier, counter)
    return EpochRead(slot)
  }

  /// What the newest state has under a key, given without the shared prefix, and its marks; for who has begun a read.
  @usableFromInline
  func lookUp(_ key: [UInt8]) -> (entry: Unmanaged<Entry>?, marks: Marks) {
    let view = View(state: state.load(ordering: .acquiring))
    return (key.withUnsafeBytes { lookUp($0, in: view) }, view.marks)
  }

  /// The same as ``View/find(_:)``, by the table, which is faster.
  @inline(__always)
  public func lookUp(_ key: UnsafeRawBufferPointer, in view: borrowing View) -> Unmanaged<Entry>? {
    let seen = view.state
    let hash = hasher.hash(key)
    if let found = seen.pointee.table.find(key, hash, after: skip, asOf: seen.pointee.sequence) { return found }
    // Who cleared it had published that it is gone.
    if state.load(ordering: .acquiring) == seen { return nil }
    return view.find(key)
  }

  /// Visits the entries between two ranks of a state, in key order and in parts, for who has begun a read. The entries of a part are on
  /// their way from memory already.
  @usableFromInline
  static func forEachPart(
    in state: UnsafeMutablePointer<State>, _ ranks: Range<Int>, _ body: (UnsafeBufferPointer<Unmanaged<Entry>>) -> Void
  ) {
    state.pointee.tree.forEachPart(from: ranks.lowerBound, count: ranks.count) { part in
      for entry in part { holdfast_will_read(entry.toOpaque() + Entry.size) }
      body(part)
      return true
    }
  }

  /// Reads at one state. Nothing of what the closure is given may be kept beyond it.
  @inline(__always)
  public func read<R>(_ body: (borrowing View) throws -> R) rethrows -> R {
    let read = beginRead()
    defer { read.end() }
    // Retired with everything that only it shows after the epoch, not before.
    return try body(View(state: state.load(ordering: .acquiring)))
  }

  /// What a read sees.
  public struct View: ~Copyable {
    let state: UnsafeMutablePointer<State>

    public var marks: Marks { state.pointee.marks }
    public var count: Int { state.pointee.tree.count }
    public var weight: Int { state.pointee.weight }

    /// The entry of a key, given without the shared prefix, as of this state. It lives until the read is over; nobody has
    /// retained it.
    public func find(_ key: UnsafeRawBufferPointer) -> Unmanaged<Entry>? { state.pointee.tree.find(Tree.Target(key)) }

    /// How many keys are smaller than a bound, which is given without the shared prefix.
    public func rank(_ bound: UnsafeRawBufferPointer) -> Int { state.pointee.tree.rank(Tree.Target(bound)) }

    /// Visits so many entries from a rank on, in key order, until the closure returns false.
    @inline(__always)
    public func forEach(from rank: Int, count: Int, _ body: (Unmanaged<Entry>) throws -> Bool) rethrows {
      try state.pointee.tree.forEach(from: rank, count: count, body)
    }
  }

  // MARK: Writing

  private static let smallest = 64

  /// Makes changes visible, all at once, with new marks.
  public func publish(_ changes: [Change], _ update: (inout Marks) -> Void = { _ in }) {
    writer.content.withLock { writer in
      // Only writers replace it, and this is the one.
      let old = state.load(ordering: .relaxed)
      var new = old.pointee
      update(&new.marks)
      if changes.isEmpty, new.marks == old.pointee.marks { return }
      new.sequence += 1
      makeRoom(&new, changes.count, &writer)
      var step = Tree.Step(owner: new.sequence)
      var cleared: [Int] = []
      var replaced: [Unmanaged<Entry>] = []
      for change in changes {
        apply(change, &new, &step, &cleared, &replaced, &writer.used)
      }
      let next = UnsafeMutablePointer<State>.allocate(capacity: 1)
      next.initialize(to: new)
      state.store(next, ordering: .releasing)
      // Published. What only earlier states show is retired.
      for index in cleared { new.table.clearAbsent(index) }
      for entry in replaced { writer.limbo.retire(.object(entry)) }
      for node in step.retired { writer.limbo.retire(.memory(node.memory)) }
      if new.table.slots != old.pointee.table.slots { writer.limbo.retire(.memory(old.pointee.table.memory)) }
      writer.limbo.retire(.memory(UnsafeMutableRawPointer(old)))
      writer.limbo.reclaimNowAndThen()
    }
  }

  /// One change, in the table for readers to come, and in the new tree.
  private func apply(
    _ change: Change, _ new: inout State, _ step: inout Tree.Step, _ cleared: inout [Int],
    _ replaced: inout [Unmanaged<Entry>], _ used: inout Int
  ) {
    change.keyBytes.withUnsafeBytes { whole in
      let key = UnsafeRawBufferPointer(rebasing: whole[min(skip, whole.count)...])
      let hash = hasher.hash(key)
      let (index, held) = new.table.place(key, hash, after: skip)
      let isHeld = held.map { $0._withUnsafeGuaranteedRef { !$0.isAbsent } } ?? false
      // There is nothing to delete.
      if change.entry == nil, !isHeld { return }
      let entry = change.entry.map { claim($0, new.sequence) } ?? absent(change.keyBytes, new.sequence)
      // Nobody can find it yet.
      entry.previous = held
      new.weight += entry.weight - (held?._withUnsafeGuaranteedRef { $0.weight } ?? 0)
      // The index's reference to it.
      let reference = Unmanaged.passRetained(entry)
      if new.table.put(reference, hash, at: index) { used += 1 }
      // One that stands for no entry was retired when it was made, in this step.
      if let held, isHeld { replaced.append(held) }
      if change.entry == nil {
        new.tree.remove(Tree.Target(key), &step)
        cleared.append(index)
        replaced.append(reference)
      } else {
        new.tree.set(reference, Tree.Target(key), &step)
      }
    }
  }

  private func claim(_ entry: Entry, _ sequence: UInt64) -> Entry {
    if entry.claim(sequence) { return entry }
    let copy = entry.duplicate()
    _ = copy.claim(sequence)
    return copy
  }

  private func absent(_ keyBytes: [UInt8], _ sequence: UInt64) -> Entry {
    let entry = Entry(keyBytes: keyBytes)
    entry.markAbsent(sequence)
    return entry
  }

  /// Replaces the table where it would be too full, or is far too large.
  private func makeRoom(_ new: inout State, _ more: Int, _ writer: inout Writer.Content) {
    let (table, live) = (new.table, new.tree.count)
    let isFull = (writer.used + more) * 10 > table.capacity * 7
    let isLarge = table.capacity > Self.smallest && (live + more) * 8 < table.capacity
    guard isFull || isLarge else { return }
    var capacity = Self.smallest
    while capacity < (live + more) * 2 { capacity *= 2 }
    new.table = table.rebuilt(capacity: capacity)
    writer.used = live
  }

  // MARK: What is held

  /// Frees what no reader can see any more, without waiting for more of it.
  @discardableResult
  public func reclaim() -> ReclamationGauge {
    writer.content.withLock {
      $0.limbo.reclaim()
      return $0.limbo.gauge
    }
  }

  public var gauge: ReclamationGauge { writer.content.withLock { $0.limbo.gauge } }
}
