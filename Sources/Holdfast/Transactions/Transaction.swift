/// A transaction whose number of operations is known only at run time: add operations, keep the handles, execute, and read
/// each result by its handle.
///
/// ```swift
/// var transaction = Transaction()
/// let handles = jobs.map { transaction.add(keyspace.update($0)) }
/// let results = try await store.execute(transaction)
/// let first = try results[handles[0]]
/// ```
public struct Transaction: Sendable {
  /// Names the result of one operation.
  public struct Handle<Result: Sendable>: Sendable {
    fileprivate let index: Int
    fileprivate let transaction: Identity
    fileprivate let decode: @Sendable (any Sendable) -> Result?
  }

  fileprivate final class Identity: Sendable {}

  struct Entry: Sendable {
    var plan: @Sendable () throws -> (OperationPlan, @Sendable (OperationAnswer) throws -> any Sendable)
    var writes: @Sendable () -> Bool
  }

  private let identity = Identity()
  private(set) var entries: [Entry] = []
  private(set) var conditions: [Condition] = []

  public init() {}

  /// How many operations it holds.
  public var count: Int { entries.count }

  /// Adds an operation; its result is `results[handle]`.
  @discardableResult
  public mutating func add<Result>(_ operation: StoreOperation<Result>) -> Handle<Result> {
    entries.append(
      Entry(
        plan: {
          let prepared = try operation.prepared()
          return (prepared.plan, { try prepared.decode($0) })
        }, writes: { operation.writes }))
    return Handle(index: entries.count - 1, transaction: identity) { $0 as? Result }
  }

  /// Makes the whole transaction depend on conditions; `constraintViolated` when one does not hold.
  public mutating func require(_ conditions: Condition...) { self.conditions += conditions }

  /// What a transaction answered.
  public struct Results: Sendable {
    /// The store's revision: that of the transaction, if it changed anything.
    public let revision: Revision
    fileprivate let values: [Swift.Result<any Sendable, HoldfastError>]
    fileprivate let transaction: Identity

    /// The result of one operation.
    ///
    /// - Throws: ``HoldfastError``: `decodingFailed` for a read of what does not decode, `invalidArgument` for the handle of
    ///   another transaction.
    public subscript<Result>(handle: Handle<Result>) -> Result {
      get throws {
        guard handle.transaction === transaction, values.indices.contains(handle.index),
          let value = handle.decode(try values[handle.index].get())
        else { throw HoldfastError(.invalidArgument, "the handle belongs to another transaction") }
        return value
      }
    }
  }

  func results(_ values: [Swift.Result<any Sendable, HoldfastError>], revision: Revision) -> Results {
    Results(revision: revision, values: values, transaction: identity)
  }
}
