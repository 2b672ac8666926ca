public import Synchronization

/// A reference that is set at most once, by any thread, and lent to any number of others without being retained.
///
/// Invariants:
/// 1. The pointer goes from nil to an object once, and stays.
/// 2. From then until its end this holds a reference to that object: who has this may look at the object without one.
/// `@unchecked Sendable`: the pointer itself is atomic, and what it leads to may be shared between threads.
public struct OnceReference<Object: AnyObject & Sendable>: ~Copyable, @unchecked Sendable {
  @usableFromInline
  let pointer = Atomic<UnsafeRawPointer?>(nil)

  @inlinable
  public init() {}

  @inlinable
  deinit {
    // Nobody has this any more, so nobody looks (invariant 2).
    guard let held = pointer.load(ordering: .acquiring) else { return }
    Unmanaged<Object>.fromOpaque(held).release()
  }

  /// Returns whether this was the first; what came later is not kept.
  @inlinable
  @discardableResult
  public func set(_ object: Object) -> Bool {
    let reference = Unmanaged.passRetained(object)
    // Releases what the object is made of, for those who find it.
    let (isFirst, _) = pointer.compareExchange(
      expected: nil, desired: UnsafeRawPointer(reference.toOpaque()), ordering: .acquiringAndReleasing)
    if !isFirst { reference.release() }
    return isFirst
  }

  /// The object, for who has this for as long as it is looked at (invariant 2); nil when there is none yet.
  @inlinable
  public var unretained: Unmanaged<Object>? { pointer.load(ordering: .acquiring).map(Unmanaged.fromOpaque) }

  /// Where the object is, for the processor to fetch it beforehand; not to be looked at.
  public var address: UnsafeRawPointer? { pointer.load(ordering: .relaxed) }

  /// Lends the object; nil when there is none yet.
  @inlinable
  @inline(__always)
  public func withObject<R>(_ body: (Object?) throws -> R) rethrows -> R {
    guard let held = pointer.load(ordering: .acquiring) else { return try body(nil) }
    // It outlives the closure (invariant 2).
    return try Unmanaged<Object>.fromOpaque(held)._withUnsafeGuaranteedRef { try body($0) }
  }
}

/// An object as the class that the caller knows it to be of, without the price of a cast. Checked in debug builds.
@inlinable
@inline(__always)
public func known<Object: AnyObject, Known: AnyObject>(_ object: Object, as _: Known.Type = Known.self) -> Known {
  unsafeDowncast(object, to: Known.self)
}
