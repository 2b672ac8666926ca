/// A ``ConcurrentIndex`` of entries of one class, below one prefix: what the rest of the package uses. Safe: what it hands out
/// is retained, or borrowed for a closure.
package struct EntryMap<Element: Entry>: Sendable {
  private let prefix: [UInt8]
  private let index: ConcurrentIndex

  /// - Parameter prefix: What all keys begin with.
  package init(prefix: [UInt8], barrier: Epochs.Barrier = .best) {
    self.prefix = prefix
    index = ConcurrentIndex(skip: prefix.count, barrier: barrier)
  }

  /// Makes changes visible, all at once, with new marks. Keys are whole; one without an element is gone.
  package func publish(
    _ changes: some Sequence<(key: [UInt8], element: Element?)>, _ update: (inout ConcurrentIndex.Marks) -> Void
  ) {
    index.publish(changes.map { .init(keyBytes: $0.key, entry: $0.element) }, update)
  }

  /// The newest that there is of a key, which is given without the prefix. It is at least as new as all that this thread has seen
  /// before.
  package func latest(_ key: [UInt8]) -> Latest { index.latest(key) }

  /// The element that a latest is.
  package func element(_ latest: Latest) -> Element? {
    if case .entry(let entry) = latest { Self.element(entry) } else { nil }
  }

  /// Reads at one state. To be short: what others take out meanwhile is kept until it is over.
  package func read<R>(_ body: (View) throws -> R) rethrows -> R {
    try index.read { view in try body(View(prefix: prefix, state: view.state)) }
  }

  /// Entries of this class only are ever put in.
  @inline(__always)
  fileprivate static func element(_ entry: Entry) -> Element { unsafeDowncast(entry, to: Element.self) }

  /// What a read sees; not to be kept beyond it. Keys and bounds are whole.
  package struct View {
    fileprivate let prefix: [UInt8]
    /// In an epoch while the read goes on.
    fileprivate let state: UnsafeMutablePointer<ConcurrentIndex.State>

    package var marks: ConcurrentIndex.Marks { state.pointee.marks }
    package var count: Int { state.pointee.tree.count }
    package var weight: Int { state.pointee.weight }

    package subscript(key: [UInt8]) -> Element? {
      key.withUnsafeBytes { whole in
        guard whole.starts(with: prefix) else { return nil }
        let found = state.pointee.tree.find(Tree.Target(UnsafeRawBufferPointer(rebasing: whole[prefix.count...])))
        // Retained before the read is over.
        return found.map { EntryMap.element($0.takeUnretainedValue()) }
      }
    }

    /// How many keys are smaller than a bound.
    package func rank(_ bound: [UInt8]) -> Int {
      bound.withUnsafeBytes { whole in
        let head = UnsafeRawBufferPointer(rebasing: whole[..<min(prefix.count, whole.count)])
        let order = prefix.withUnsafeBytes { Bytes.compare(head, $0) }
        if order != 0 { return order < 0 ? 0 : count }
        return state.pointee.tree.rank(Tree.Target(UnsafeRawBufferPointer(rebasing: whole[prefix.count...])))
      }
    }

    /// The handles of the elements between two ranks, in key order, as values that are nothing but a reference to one; nil when
    /// an element has none.
    package func handles<Handle>(_ ranks: Range<Int>, as type: Handle.Type) -> [Handle]? {
      precondition(MemoryLayout<Handle>.size == MemoryLayout<AnyObject>.size)
      var isWhole = true
      let handles = [Handle](unsafeUninitializedCapacity: ranks.count) { buffer, count in
        // As many words as there are handles: what is counted has been initialised with a reference of its own.
        count = state.pointee.tree.copyHandles(ranks, to: UnsafeMutableRawPointer(buffer.baseAddress))
        isWhole = count == ranks.count
      }
      return isWhole ? handles : nil
    }

    /// The elements between two ranks, in key order.
    package func elements(_ ranks: Range<Int>) -> [Element] {
      var elements: [Element] = []
      elements.reserveCapacity(ranks.count)
      state.pointee.tree.forEach(from: ranks.lowerBound, count: ranks.count) {
        elements.append(EntryMap.element($0.takeUnretainedValue()))
        return true
      }
      return elements
    }
  }
}

/// What a look-up of one key finds.
package enum Latest {
  /// Nothing is to be read.
  case unloaded
  case absent
  /// The handle of the entry.
  case handle(any AnyObject & Sendable)
  /// The entry, which has no handle.
  case entry(Entry)
}

extension ConcurrentIndex {
  /// Not generic, and one retain: what every read of a single key goes through.
  fileprivate func latest(_ key: [UInt8]) -> Latest {
    read { view in
      guard view.marks.isLoaded else { return .unloaded }
      guard let found = key.withUnsafeBytes({ view.latest($0) }) else { return .absent }
      return found._withUnsafeGuaranteedRef { entry in
        if let handle = entry.handle { .handle(handle) } else { .entry(entry) }
      }
    }
  }
}

extension Tree {
  /// Copies handles to memory with room for them, each with a reference; stops at an entry without one. Returns how many.
  fileprivate func copyHandles(_ ranks: Range<Int>, to memory: UnsafeMutableRawPointer?) -> Int {
    guard let memory else { return 0 }
    // Uninitialised, and used for references alone.
    let handles = memory.assumingMemoryBound(to: Unmanaged<AnyObject>.self)
    var count = 0
    forEach(from: ranks.lowerBound, count: ranks.count) { entry in
      guard let handle = entry._withUnsafeGuaranteedRef({ $0.handle }) else { return false }
      (handles + count).initialize(to: Unmanaged.passRetained(handle))
      count += 1
      return true
    }
    return count
  }
}

/// A value that is nothing but a reference to a handle of that class; whoever calls knows that it is.
@inlinable @inline(__always)
package func value<Value>(of handle: any AnyObject & Sendable, as type: Value.Type) -> Value {
  // The same single word.
  unsafeBitCast(handle as AnyObject, to: type)
}
