import Synchronization

/// Values that readers found not to decode, until the cache takes note of them. Snapshots report here too, which must not
/// hold the cache itself.
final class Findings: Sendable {
  private let records = Mutex<[CacheRecord]>([])
  private let observers: HealthObservers?

  /// - Parameter observers: They are told that there is something new.
  init(_ observers: HealthObservers? = nil) { self.observers = observers }

  func add(_ record: CacheRecord) {
    // Without a cache nobody takes them.
    guard let observers else { return }
    records.withLock { $0.append(record) }
    observers.notify()
  }

  func take() -> [CacheRecord] {
    records.withLock { records in
      defer { records = [] }
      return records
    }
  }
}
