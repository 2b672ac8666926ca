private import CHoldfastStructures

/// A ``ConcurrentIndex`` of entries of one class, below one prefix: what the rest of the package uses. Safe: what it hands out
/// is retained, or borrowed for a closure. Elements only are ever put in.
public struct EntryMap<Element: Entry>: Sendable {
  private let prefix: [UInt8]
  /// For those who know what it may be told, as the stress suite does.
  public let index: ConcurrentIndex

  /// - Parameter prefix: What all keys begin with.
  public init(prefix: [UInt8], barrier: Epochs.Barrier = .best) {
    self.prefix = prefix
    index = ConcurrentIndex(skip: prefix.count, barrier: barrier)
  }

  /// Makes changes visible, all at once, with new marks. Keys are whole; one without an element is gone.
  @inlinable
  public func publish(
    _ changes: [(key: [UInt8], element: Element?)], _ update: (inout ConcurrentIndex.Marks) -> Void
  ) {
    index.publish(changes.map { .init(keyBytes: $0.key, entry: $0.element) }, update)
  }

  /// Begins a read of single keys; it must be ended by the same thread, soon.
  ///
  /// What depends on the type is compiled with its callers, the rest is called.
  @inlinable
  @inline(__always)
  public func beginRead() -> EpochRead { index.beginRead() }

  /// What the newest state has under a key, which is given without the prefix, and its marks. Nobody has retained the element: the
  /// read keeps it alive until it is ended.
  @inlinable
  @inline(__always)
  public func lookUp(_ key: [UInt8], in _: EpochRead) -> (element: Unmanaged<Element>?, marks: ConcurrentIndex.Marks) {
    let (found, marks) = index.lookUp(key)
    // Only elements are put in.
    return (found.map { Unmanaged.fromOpaque($0.toOpaque()) }, marks)
  }

  /// Reads at one state. To be short: what others take out meanwhile is kept until it is over.
  public func read<R>(_ body: (View) throws -> R) rethrows -> R {
    try index.read { view in try body(View(prefix: prefix, state: view.state)) }
  }

  /// What a read sees; not to be kept beyond it. Keys and bounds are whole.
  public struct View {
    fileprivate let prefix: [UInt8]
    /// In an epoch while the read goes on.
    @usableFromInline
    let state: UnsafeMutablePointer<ConcurrentIndex.State>

    public var marks: ConcurrentIndex.Marks { state.pointee.marks }
    public var count: Int { state.pointee.tree.count }
    public var weight: Int { state.pointee.weight }

    public subscript(key: [UInt8]) -> Element? {
      key.withUnsafeBytes { whole in
        guard whole.starts(with: prefix) else { return nil }
        let found = state.pointee.tree.find(Tree.Target(UnsafeRawBufferPointer(rebasing: whole[prefix.count...])))
        // Retained before the read is over.
        return found.map { known($0.takeUnretainedValue()) }
      }
    }

    /// How many keys are smaller than a bound.
    public func rank(_ bound: [UInt8]) -> Int {
      bound.withUnsafeBytes { whole in
        let head = UnsafeRawBufferPointer(rebasing: whole[..<min(prefix.count, whole.count)])
        let order = prefix.withUnsafeBytes { Bytes.compare(head, $0) }
        if order != 0 { return order < 0 ? 0 : count }
        return state.pointee.tree.rank(Tree.Target(UnsafeRawBufferPointer(rebasing: whole[prefix.count...])))
      }
    }

    /// How many keys there are below a folder, which is given without the prefix, with or without its slash. Empty: all.
    public func count(below folder: [UInt8]) -> Int {
      if folder.isEmpty { return count }
      let slash = UInt8(ascii: "/")
      let length = folder.last == slash ? folder.count - 1 : folder.count
      return withUnsafeTemporaryAllocation(byteCount: length + 1, alignment: 1) { bound in
        folder.withUnsafeBytes { bound.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        bound[length] = slash
        let start = state.pointee.tree.rank(Tree.Target(UnsafeRawBufferPointer(bound)))
        // The first that no longer begins so.
        bound[length] = slash + 1
        return state.pointee.tree.rank(Tree.Target(UnsafeRawBufferPointer(bound))) - start
      }
    }

    /// Visits the elements between two ranks, in key order. Nobody has retained them.
    ///
    /// - Parameter next: Where what the body looks at first is, if the element only leads there.
    @inlinable
    @inline(__always)
    public func forEach(
      _ ranks: Range<Int>, fetching next: (Element) -> UnsafeRawPointer?, _ body: (Element) -> Void
    ) {
      ConcurrentIndex.forEachPart(in: state, ranks) { part in
        // One after the other each would wait for memory; so they wait together.
        for entry in part { entry._withUnsafeGuaranteedRef { willWrite(next(known($0))) } }
        for entry in part { entry._withUnsafeGuaranteedRef { body(known($0)) } }
      }
    }
  }
}

/// Counting a reference is writing.
@usableFromInline
func willWrite(_ address: UnsafeRawPointer?) { holdfast_will_write(address) }
