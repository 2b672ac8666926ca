internal import Synchronization

/// A reference that is set at most once, by any thread, and lent to any number of others without being retained.
///
/// Invariants:
/// 1. The pointer goes from nil to an object once, and stays.
/// 2. From then until its end this holds a reference to that object: who has this may look at the object without one.
/// `@unchecked Sendable`, for who puts in only what may be shared between threads: the pointer itself is atomic.
package struct OnceReference: ~Copyable, @unchecked Sendable {
  private let pointer = Atomic<UnsafeRawPointer?>(nil)

  package init() {}

  deinit {
    // Nobody has this any more, so nobody looks (invariant 2).
    guard let held = pointer.load(ordering: .acquiring) else { return }
    Unmanaged<AnyObject>.fromOpaque(held).release()
  }

  /// Returns whether this was the first; what came later is not kept.
  @discardableResult
  package func set(_ object: AnyObject) -> Bool {
    let reference = Unmanaged.passRetained(object)
    // Releases what the object is made of, for those who find it.
    let (isFirst, _) = pointer.compareExchange(
      expected: nil, desired: UnsafeRawPointer(reference.toOpaque()), ordering: .acquiringAndReleasing)
    if !isFirst { reference.release() }
    return isFirst
  }

  /// Lends the object; nil when there is none yet.
  @inline(__always)
  package func withObject<R>(_ body: (AnyObject?) throws -> R) rethrows -> R {
    guard let held = pointer.load(ordering: .acquiring) else { return try body(nil) }
    // It outlives the closure (invariant 2).
    return try Unmanaged<AnyObject>.fromOpaque(held)._withUnsafeGuaranteedRef { try body($0) }
  }
}
