private import CHoldfastStructures
internal import Synchronization

/// How readers tell writers that they read: epochs, without a lock and without a word that two threads write.
///
/// Each thread has a slot. To read it stores the current epoch there, reads, and stores zero. A writer that has taken something
/// out of a structure keeps it, *retired*, with the epoch at that time, and frees it when every slot holds zero or a later
/// epoch (``Limbo``). There is one counter and one list of slots for the process, so reads of several indexes nest.
///
/// Invariants:
/// 1. The store to the slot comes before the first load from the structure. Either the reader says so with a fence
///    (``Barrier/fences``), or the writer makes every thread execute one before it looks at the slots (``Barrier/membarrier``);
///    then the reader's side is a plain store. Which, is fixed for each index when it is made.
/// 2. The counter is raised *after* what is to be retired was taken out, and the old number is the stamp. Who is in a later
///    epoch has read the raised counter, and with it sees that it is gone.
/// 3. A slot belongs to one thread until that ends, and is never freed.
public enum Epochs {
  public enum Barrier: Sendable {
    /// The kernel's, issued by writers.
    case membarrier
    /// One on each side: works everywhere, costs readers a few nanoseconds.
    case fences

    /// The best that this system has.
    public static let best: Barrier = holdfast_has_membarrier() ? .membarrier : .fences
  }

  /// A counter that no two threads write often: each index remembers where it is. Lives as long as the process.
  /// Never freed, and atomic.
  nonisolated(unsafe) static let counter: UnsafeMutablePointer<Atomic<UInt64>> = {
    // A line of its own.
    let memory = UnsafeMutableRawPointer.allocate(byteCount: ReaderSlot.stride, alignment: ReaderSlot.stride)
    let counter = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    counter.initialize(to: Atomic(1))
    return counter
  }()

  /// The newest slot; the list only grows (invariant 3).
  /// Atomic, and what it leads to is never freed.
  nonisolated(unsafe) private static let slots = Atomic<UnsafeMutablePointer<ReaderSlot>?>(nil)

  /// The slot of this thread.
  @inline(__always)
  static func slot() -> UnsafeMutablePointer<ReaderSlot> {
    // Only `takeSlot` keeps anything there.
    if let own = holdfast_thread_slot() { return own.assumingMemoryBound(to: ReaderSlot.self) }
    return takeSlot()
  }

  @inline(never)
  private static func takeSlot() -> UnsafeMutablePointer<ReaderSlot> {
    let slot = freeSlot() ?? newSlot()
    // A thread that cannot keep it leaves it behind after each read (``ReaderSlot/leave``).
    slot.pointee.isKept = holdfast_keep_thread_slot(UnsafeMutableRawPointer(slot)) { slot in
      slot.assumingMemoryBound(to: ReaderSlot.self).pointee.isOwned.store(false, ordering: .releasing)
    }
    return slot
  }

  /// One that a thread has left behind.
  private static func freeSlot() -> UnsafeMutablePointer<ReaderSlot>? {
    var next = slots.load(ordering: .acquiring)
    while let slot = next {
      let (taken, _) = slot.pointee.isOwned.compareExchange(
        expected: false, desired: true, ordering: .acquiringAndReleasing)
      if taken { return slot }
      next = slot.pointee.next
    }
    return nil
  }

  private static func newSlot() -> UnsafeMutablePointer<ReaderSlot> {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: ReaderSlot.stride, alignment: ReaderSlot.stride)
    let slot = memory.bindMemory(to: ReaderSlot.self, capacity: 1)
    slot.initialize(to: ReaderSlot())
    var head = slots.load(ordering: .relaxed)
    while true {
      // Nobody else has it yet.
      slot.pointee.next = head
      let (done, newest) = slots.compareExchange(expected: head, desired: slot, ordering: .acquiringAndReleasing)
      if done { return slot }
      head = newest
    }
  }

  /// Begins a new epoch and returns the stamp of what was taken out before (invariant 2).
  static func advance() -> UInt64 { counter.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue }

  /// The oldest epoch that somebody may read in. To be called after `advance`.
  static func oldest(_ barrier: Barrier) -> UInt64 {
    switch barrier {
    case .membarrier:
      // It cannot fail once it was registered; if it does, nothing may be freed.
      guard holdfast_membarrier() else { return 0 }
    case .fences: atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
    var oldest = UInt64.max
    var next = slots.load(ordering: .acquiring)
    while let slot = next {
      // Acquires what the reader did before it left.
      let epoch = slot.pointee.epoch.load(ordering: .acquiring)
      if epoch != 0 { oldest = min(oldest, epoch) }
      next = slot.pointee.next
    }
    return oldest
  }

  /// How many threads have, or had, a slot at once.
  public static var slotCount: Int {
    var count = 0
    var next = slots.load(ordering: .acquiring)
    while let slot = next {
      count += 1
      next = slot.pointee.next
    }
    return count
  }
}

/// Where a thread says in which epoch it reads. Two cache lines of its own: nobody else's writes disturb it.
struct ReaderSlot: ~Copyable {
  static let stride = 128

  /// 0: it does not read. Written by its thread only.
  let epoch = Atomic<UInt64>(0)
  let isOwned = Atomic<Bool>(true)
  /// Never changes once the slot is in the list.
  var next: UnsafeMutablePointer<ReaderSlot>?
  /// How many reads are nested. Its thread's alone.
  var depth = 0
  /// Its thread's alone.
  var isKept = true
}

// On the pointer and field by field, never on the whole slot: writers look at `epoch` meanwhile.
extension UnsafeMutablePointer<ReaderSlot> {
  @inline(__always)
  func enter(_ barrier: Epochs.Barrier, _ counter: UnsafeMutablePointer<Atomic<UInt64>>) {
    let depth = pointee.depth
    pointee.depth = depth + 1
    // A nested read goes on in the epoch of the outer one, which is older. The store releases what was read before, for a
    // writer that sees this epoch and never saw the zero in between.
    if depth == 0 { pointee.epoch.store(counter.pointee.load(ordering: .acquiring), ordering: .releasing) }
    // Invariant 1.
    switch barrier {
    case .membarrier: holdfast_compiler_barrier()
    case .fences: atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
  }

  @inline(__always)
  func leave() {
    // What was found is retained before this, where it is.
    holdfast_compiler_barrier()
    let depth = pointee.depth - 1
    pointee.depth = depth
    guard depth == 0 else { return }
    // Releases what was read: who sees the zero may free it.
    pointee.epoch.store(0, ordering: .releasing)
    if !pointee.isKept { pointee.isOwned.store(false, ordering: .releasing) }
  }
}

/// A read that has begun. Whoever began it ends it, once, on the same thread; until then what it finds lives.
public struct EpochRead {
  private let slot: UnsafeMutablePointer<ReaderSlot>

  @inline(__always)
  init(_ slot: UnsafeMutablePointer<ReaderSlot>) { self.slot = slot }

  public func end() { slot.leave() }
}
