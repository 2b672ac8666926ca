/// What a cache keeps of a value beside its bytes.
package enum CacheContent<Value: Sendable>: Sendable {
  case value(Stored<Value>)
  /// Decoded anew for each read: nobody can change what others read.
  case encoded
  /// The bytes are no value (G9).
  indirect case undecodable(HoldfastError)
  /// Decoded when it is first read; what came of that is in the ``OnDemandEntry`` that the record is.
  case onDemand
}

package typealias Record<Value: Sendable> = CacheRecord<CacheContent<Value>>

extension CacheRecord {
  /// Why the bytes are no value, as far as anybody has looked.
  func knownFailure<Value>() -> HoldfastError? where Content == CacheContent<Value> {
    switch content {
    case .value, .encoded: nil
    case .undecodable(let error): error
    case .onDemand: (entry as? OnDemandEntry<Value>)?.failure
    }
  }
}

/// As an eager cache does it.
extension Keyspace {
  package func record(_ keyValue: KeyValue) -> Record<Value> { CacheDecoder(self).record(keyValue) }

  package func change(_ event: WatchEvent) -> CacheChange<CacheContent<Value>> { CacheDecoder(self).change(event) }

  package func effect(_ write: AcknowledgedWrite) -> WriteEffect<CacheContent<Value>> {
    CacheDecoder(self).effect(write)
  }
}
