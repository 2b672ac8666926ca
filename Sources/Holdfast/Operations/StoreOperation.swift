/// One operation on the store, as a value: it does nothing until a ``Store`` executes it, alone or in a transaction.
///
/// Keyspaces make them (`jobs.get("mail/42")`, `jobs.create(job)`), the functions below refine them:
/// `jobs.put(job).ttl(.seconds(30)).if(.exists("/acme/leader"))`. An option that does not fit the operation is refused with
/// `invalidArgument` when it is executed, before anything is sent.
public struct StoreOperation<Result: Sendable>: Sendable {
  var options = OperationOptions()
  /// What the operation asks of the store, given its options.
  let prepare: @Sendable (OperationOptions) throws -> Prepared<Result>

  init(_ prepare: @escaping @Sendable (OperationOptions) throws -> Prepared<Result>) { self.prepare = prepare }

  func with(_ change: (inout OperationOptions) -> Void) -> StoreOperation {
    var copy = self
    change(&copy.options)
    return copy
  }

  /// Whether it can be told that it would write.
  package var writes: Bool { (try? prepare(options))?.plan.writes ?? false }

  package func prepared() throws -> Prepared<Result> {
    var prepared = try prepare(options)
    let outcome: HoldfastError.Outcome? = prepared.plan.writes ? .refused : nil
    if let unfit = options.given.first(where: { !prepared.accepts.contains($0) }) {
      throw HoldfastError(
        .invalidArgument, "'\(prepared.name)' does not take the option '\(unfit)'", key: prepared.keys.first,
        outcome: outcome)
    }
    if options.ttl != nil, options.lease != nil {
      throw HoldfastError(
        .invalidArgument, "'\(prepared.name)' takes a time to live or a lease, not both", key: prepared.keys.first,
        outcome: outcome)
    }
    prepared.guards += options.conditions.map { Guard($0.compare, .condition) }
    prepared.ttl = options.ttl
    prepared.isUnique = options.isUnique
    return prepared
  }
}

extension StoreOperation {
  /// Executes only if all the conditions hold in the same transaction; otherwise it throws `constraintViolated`.
  public func `if`(_ conditions: Condition...) -> StoreOperation { with { $0.conditions += conditions } }

  /// Writes the key with a lease of its own that lives at least so long, rounded up to whole seconds. What the store granted
  /// is the result's ``Stored/leaseTTL``. When the write is refused the lease is revoked; when its outcome is unknown it is
  /// left to expire, because the write may have used it.
  public func ttl(_ ttl: Duration) -> StoreOperation { with { $0.ttl = ttl } }

  /// Writes the key attached to this lease.
  public func lease(_ lease: Lease) -> StoreOperation { with { $0.lease = lease.id } }

  /// Writes the key attached to this lease.
  public func lease(_ id: LeaseID) -> StoreOperation { with { $0.lease = id } }

  /// Promises that no other write ever stores these bytes under this key, not even a repetition of this one: the value holds
  /// an id that was drawn for it, say. When the answer is lost, finding the bytes in the store then proves that the write was
  /// applied, as the lease of a ``ttl(_:)`` does, and its result is returned instead of an error with outcome `unknown`. A
  /// broken promise makes that a lie: draw the id when the operation is made, and do not execute it twice.
  public func unique() -> StoreOperation { with { $0.isUnique = true } }

  /// Makes ``Stored/previous()`` tell what the key held before.
  public func returningPrevious() -> StoreOperation { with { $0.returnsPrevious = true } }

  /// Reads at most so many keys.
  public func limit(_ limit: Int) -> StoreOperation { with { $0.limit = limit } }

  /// Reads in this order, which the store makes; with a limit, the first so many of it.
  public func sorted(by target: RangeRequest.SortTarget, _ order: RangeRequest.SortOrder = .ascending) -> StoreOperation
  {
    with { $0.sort = (target, order) }
  }

  /// Reads the state at this revision; throws `compacted` or `futureRevision` when the store cannot.
  public func at(_ revision: Revision) -> StoreOperation { with { $0.revision = revision } }

  /// Reads from one member's own state without a quorum: faster, and possibly stale.
  public func serializable() -> StoreOperation { with { $0.isSerializable = true } }
}

/// What can be asked of an operation beside its purpose.
struct OperationOptions: Sendable {
  var conditions: [Condition] = []
  var ttl: Duration?
  var lease: LeaseID?
  var returnsPrevious = false
  var isUnique = false
  var limit: Int?
  var sort: (target: RangeRequest.SortTarget, order: RangeRequest.SortOrder)?
  var revision: Revision?
  var isSerializable = false

  enum Name: String, CustomStringConvertible {
    case ttl, lease, unique, returningPrevious, limit, sorted, at, serializable
    var description: String { rawValue }

    static let write: Set<Name> = [.ttl, .lease, .unique, .returningPrevious]
    static let read: Set<Name> = [.at, .serializable]
    static let list: Set<Name> = [.at, .serializable, .limit, .sorted]
  }

  /// The options that were given, conditions aside, which fit every operation.
  var given: [Name] {
    var names: [Name] = []
    if ttl != nil { names.append(.ttl) }
    if lease != nil { names.append(.lease) }
    if isUnique { names.append(.unique) }
    if returnsPrevious { names.append(.returningPrevious) }
    if limit != nil { names.append(.limit) }
    if sort != nil { names.append(.sorted) }
    if revision != nil { names.append(.at) }
    if isSerializable { names.append(.serializable) }
    return names
  }

  /// A range request with these options.
  func range(_ range: KeyRange) throws -> RangeRequest {
    var request = RangeRequest(range)
    if let limit {
      guard limit > 0 else { throw HoldfastError(.invalidArgument, "the limit is \(limit); it must be at least 1") }
      request.limit = Int64(limit)
    }
    if let sort { (request.sortTarget, request.sortOrder) = sort }
    if let revision {
      guard revision > .zero else {
        throw HoldfastError(.invalidArgument, "the revision to read at is \(revision); revisions begin at 1")
      }
      request.revision = revision
    }
    request.serializable = isSerializable
    return request
  }
}
