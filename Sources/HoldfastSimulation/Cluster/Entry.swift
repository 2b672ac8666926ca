import HoldfastCore
import HoldfastEmbedded

/// What the members agree on, one after the other.
enum Entry {
  case put(PutRequest)
  case transact(TransactionRequest)
  case grant(LeaseID)
  case revoke(LeaseID)
  case compact(Revision)
}

/// What a client asks of a member.
enum CallRequest {
  case range(RangeRequest)
  case transact(TransactionRequest)

  var isWrite: Bool {
    switch self {
    case .range: false
    case .transact(let request): request.success.contains { if case .range = $0 { false } else { true } }
    }
  }
}

/// What a member answered.
enum CallAnswer {
  case range(RangeResponse)
  case transact(TransactionResponse)
}

extension MVCCStore {
  /// Applies an entry; what it says is the store's answer to it.
  mutating func apply(_ entry: Entry) throws -> CallAnswer? {
    switch entry {
    case .put(let request): _ = try put(request)
    case .transact(let request): return .transact(try transact(request))
    case .grant(let lease): _ = try grantLease(id: lease, ttl: .seconds(60), now: .zero)
    case .revoke(let lease): _ = try revokeLease(lease)
    case .compact(let revision): _ = try compact(CompactRequest(revision))
    }
    return nil
  }

  /// The events of at most so many revisions from a revision on; throws `compacted`.
  func events(in range: KeyRange, from revision: Revision, revisions: Int) throws -> [WatchEvent] {
    var request = WatchRequest(range, from: revision)
    request.progress = false
    var cursor = WatchCursor(request, maximumRevisions: revisions)
    _ = try next(&cursor)
    guard case .batch(let batch) = try next(&cursor) else { return [] }
    return batch.events
  }
}
