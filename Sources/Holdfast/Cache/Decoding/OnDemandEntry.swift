import HoldfastCore
import HoldfastStructures

/// A record whose value is decoded when it is first read, and kept then.
///
/// `@unchecked Sendable` as its superclass: all that it adds is set once, atomically, to what is `Sendable`.
final class OnDemandEntry<Value: Sendable>: CacheEntry<CacheContent<Value>>, @unchecked Sendable {
  private typealias Storage = Stored<Value>.Storage

  /// Why the bytes are no value.
  private final class Failure: Sendable {
    let error: HoldfastError

    init(_ error: HoldfastError) { self.error = error }
  }

  /// A `Storage` or a `Failure`; nothing as long as nobody has read it.
  private let outcome = OnceReference()

  init(_ keyValue: KeyValue) { super.init(keyValue: keyValue, content: .onDemand) }

  override func duplicate() -> Entry {
    let copy = OnDemandEntry(keyValue)
    outcome.withObject { if let object = $0 { copy.outcome.set(object) } }
    return copy
  }

  var failure: HoldfastError? { outcome.withObject { ($0 as? Failure)?.error } }

  /// Lends what is kept of the decoded value; nil when there is nothing, for whatever reason.
  @inline(__always)
  func withStorage<R>(_ body: (Stored<Value>.Storage?) throws -> R) rethrows -> R {
    try outcome.withObject { try body($0 as? Storage) }
  }

  /// The value, decoded now if nothing is kept of it yet. No lock is held meanwhile: of several who come first each may decode
  /// it, and all get what the first of them has made of it.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed`.
  func value(_ decoder: CacheDecoder<Value>) throws -> Stored<Value> {
    if let kept = try kept() { return kept }
    do {
      let stored = try decoder.keyspace.decode(keyValue)
      if decoder.keyspace.decodesEachRead { return stored }
      outcome.set(stored.storage)
      return try kept() ?? stored
    } catch {
      let error = HoldfastError(wrapping: error)
      if outcome.set(Failure(error)) { decoder.findings.add(CacheRecord(self)) }
      if let kept = try kept() { return kept }
      throw error
    }
  }

  private func kept() throws -> Stored<Value>? {
    try outcome.withObject { object in
      if let storage = object as? Storage { return Stored(storage) }
      if let failure = object as? Failure { throw failure.error }
      return nil
    }
  }
}
