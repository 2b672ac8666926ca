package import HoldfastCore
import Logging

/// What a comparison of a cache with its store has shown.
public struct CacheVerification: Hashable, Sendable {
  /// The revision at which both were compared.
  public let revision: Revision
  /// How many keys the store held in the keyspace.
  public let keys: Int
  /// The keys, relative to the keyspace and in order, that were missing in memory, too many, or held something else. They
  /// are being repaired when there are any.
  public let differences: [Key]

  public var isCorrect: Bool { differences.isEmpty }
}

extension Cache {
  /// Compares memory with the store, key by key and value by value, at one revision. If they differ, which only a fault of a
  /// server or of Holdfast can cause, the cache lists again and repairs itself by difference; ``health`` says `stale` until then.
  ///
  /// Where bytes are not kept (``CacheConfiguration/Decoding/eager``) a value is compared by the digest that was taken of its bytes
  /// when it arrived: a decoded value that somebody changed in memory, since it shares mutable state, is not found out.
  ///
  /// It reads the whole keyspace from the store: something for an operator or a timer
  /// (``CacheConfiguration/verification``), not for a request.
  ///
  /// - Throws: ``HoldfastError``: `notStarted`, `notLoaded` or `stopped`; what the store answers; `compacted` when the store is
  ///   compacted faster than it can be read; `timeout` when the cache does not keep up.
  public func verify() async throws -> CacheVerification {
    var attempts = 0
    while true {
      let epoch = mark.epoch
      // Where nothing has changed for long what is held is of a revision that may be compacted. A proof takes it further.
      let snapshot = try await attempts == 0 ? snapshot() : provenSnapshot()
      do {
        let list = try await store.backend.list(keyspace.range, at: snapshot.revision)
        let differences = snapshot.differences(from: list.keyValues)
        if !differences.isEmpty {
          logger.error(
            "The cache differed from the store and is repaired",
            metadata: ["keys": "\(differences.count)", "revision": "\(snapshot.revision)"])
          let cause = HoldfastError(
            .dataLoss, "\(differences.count) keys differed from the store; listing again", key: differences.first,
            revision: snapshot.revision)
          handle(.diverged(cause, at: snapshot.revision, epoch: epoch))
        }
        return CacheVerification(revision: snapshot.revision, keys: list.keyValues.count, differences: differences)
      } catch let error as HoldfastError {
        // A compaction overtook the snapshot, or the store went back behind it: with a newer snapshot it may work.
        attempts += 1
        guard [.compacted, .futureRevision].contains(error.code), attempts < 5 else { throw error }
      }
    }
  }
}

extension Cache {
  /// What memory holds as of now, proven by a quorum.
  private func provenSnapshot() async throws -> CacheSnapshot<Value> {
    let snapshot = try await snapshot(.linearizable, timeout: configuration.followTimeout)
    if snapshot.freshness.source == .memory { return snapshot }
    throw HoldfastError(
      .timeout, "the cache does not keep up with the store, and cannot be compared: it is \(health)",
      cause: health.cause)
  }
}

extension CacheSnapshot {
  /// The keys, relative to the keyspace, at which the snapshot is not this list, which is in key order.
  func differences(from list: [KeyValue]) -> [Key] { records.differences(from: list).map(keyspace.relativeKey) }
}

extension RecordMap {
  /// The keys at which the records are not this list, which is in key order.
  package func differences(from list: [KeyValue]) -> [Key] {
    var differences: [Key] = []
    var held = makeIterator()
    var next = held.next()
    for keyValue in list {
      while let extra = next, extra.key < keyValue.key {
        differences.append(extra.key)
        next = held.next()
      }
      if let same = next, same.key == keyValue.key {
        if !same.value.isHeld(as: keyValue) { differences.append(keyValue.key) }
        next = held.next()
      } else {
        differences.append(keyValue.key)
      }
    }
    while let extra = next {
      differences.append(extra.key)
      next = held.next()
    }
    return differences
  }
}
