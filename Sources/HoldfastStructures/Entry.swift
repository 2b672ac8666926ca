internal import Synchronization

/// What an index holds under a key; a subclass adds the value. One object: who looks a key up finds it here or nowhere.
///
/// Open, because only that lets other targets of the package have subclasses; no product has it.
/// `@unchecked Sendable`: everything is constant but the sequence, which is atomic, and `previous`, which is written by the
/// one index that claimed the entry, before readers can find it.
open class Entry: @unchecked Sendable {
  public final let keyBytes: [UInt8]
  /// The step of the index in which it was published; 0: in none yet. The highest bit says that it stands for no entry.
  private final let sequenceWord = Atomic<UInt64>(0)
  /// What readers of earlier steps see instead. It is not valid any more once they are all gone, and then nobody looks.
  final var previous: Unmanaged<Entry>?

  public init(keyBytes: [UInt8]) { self.keyBytes = keyBytes }

  /// The same again, unpublished: an entry is published once, so that what its readers know of it never changes.
  open func duplicate() -> Entry { Entry(keyBytes: keyBytes) }

  /// What it counts for in the index's sum.
  open var weight: Int { 0 }

  /// Where what a subclass adds begins: behind the object's header, of two words, and what is declared here.
  static let size = 5 * 8

  private static let absentBit: UInt64 = 1 << 63

  final var sequence: UInt64 { sequenceWord.load(ordering: .relaxed) & ~Self.absentBit }
  final var isAbsent: Bool { sequenceWord.load(ordering: .relaxed) & Self.absentBit != 0 }

  /// Takes it for a step. False when it was taken before.
  final func claim(_ sequence: UInt64) -> Bool {
    sequenceWord.compareExchange(expected: 0, desired: sequence, ordering: .relaxed).exchanged
  }

  final func markAbsent(_ sequence: UInt64) {
    sequenceWord.store(sequence | Self.absentBit, ordering: .relaxed)
  }

  /// The key without the prefix that all keys of the index share.
  @inline(__always)
  final func withKey<R>(after skip: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    keyBytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[min(skip, $0.count)...])) }
  }
}
