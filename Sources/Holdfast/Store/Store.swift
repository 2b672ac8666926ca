public import Logging
import Synchronization

/// Typed storage on a ``Backend``: executes operations and transactions, and hands every acknowledged write to each of its
/// caches whose range it touches, so that write-through is not something that a caller can forget.
///
/// Make one with `withStore`, or from a backend that somebody else runs. Writes made directly on ``backend`` reach the caches
/// only through their watches.
public final class Store: Sendable {
  /// The store below, for requests that have no typed form.
  public let backend: any Backend
  let logger: Logger
  let resolution: ResolutionConfiguration
  /// Those that its caches want.
  package let lists = ListQueue()
  private let observers = Mutex<[ObjectIdentifier: any WriteObserver]>([:])

  /// - Parameter resolution: How long to find out what became of a write whose answer was lost.
  public init(
    backend: any Backend, logger: Logger = Logger(label: "holdfast"),
    resolution: ResolutionConfiguration = ResolutionConfiguration()
  ) {
    self.backend = backend
    self.logger = logger
    self.resolution = resolution
  }

  /// Executes one operation and returns its result.
  ///
  /// A write whose answer was lost is looked for in the store; see ``ResolutionConfiguration``. It is never sent again.
  ///
  /// - Throws: ``HoldfastError``; for a write with its outcome. The operation's own documentation names the codes.
  @discardableResult
  public func execute<Result>(_ operation: StoreOperation<Result>) async throws -> Result {
    try await commit(operation).result
  }

  /// As ``execute(_:)``, with the revision at which the store answered.
  @discardableResult
  public func commit<Result>(_ operation: StoreOperation<Result>) async throws -> Committed<Result> {
    let prepared = try operation.prepared()
    let answer =
      prepared.isSplittable && prepared.requests.count > backend.limits.transactionOperations
      ? try await readInParts(prepared.plan) : try await run([prepared.plan], conditions: [])[0]
    return Committed(result: try decode(prepared, answer), header: answer.header)
  }

  /// Executes several operations as one: all at one revision, or none. Returns their results in order.
  ///
  /// - Parameters:
  ///   - conditions: What must hold for the whole transaction; `constraintViolated` when it does not.
  ///   - operation: The operations. Of one alone the result is not a tuple.
  /// - Throws: ``HoldfastError``: `duplicateKey` and `tooManyOperations` before anything is sent; the refusal of the first
  ///   operation whose guard fails, with what its key holds; `decodingFailed` with outcome `applied` when the transaction was
  ///   applied and a read in it does not decode.
  @discardableResult
  public func transaction<each R>(
    if conditions: [Condition] = [], _ operation: repeat StoreOperation<each R>
  ) async throws -> (repeat each R) {
    try await commit(if: conditions, repeat each operation).result
  }

  /// As ``transaction(if:_:)``, with the revision at which the store answered.
  @discardableResult
  public func commit<each R>(
    if conditions: [Condition] = [], _ operation: repeat StoreOperation<each R>
  ) async throws -> Committed<(repeat each R)> {
    let prepared: (repeat Prepared<each R>)
    do {
      prepared = (repeat try (each operation).prepared())
    } catch {
      var writes = false
      for one in repeat each operation { writes = writes || one.writes }
      throw Self.unsent(error, writes: writes)
    }
    var plans: [OperationPlan] = []
    for one in repeat each prepared { plans.append(one.plan) }
    let answers = try await run(plans, conditions: conditions)
    guard let header = answers.first?.header else { throw Self.emptyTransaction }
    var rest = answers.makeIterator()
    let results = (repeat try decode(each prepared, rest.next(), in: plans))
    return Committed(result: results, header: header)
  }

  /// Executes a transaction that was built at run time. As ``transaction(if:_:)``; a read that does not decode throws when its
  /// result is asked for.
  @discardableResult
  public func execute(_ transaction: Transaction) async throws -> Transaction.Results {
    let prepared: [(OperationPlan, @Sendable (OperationAnswer) throws -> any Sendable)]
    do {
      prepared = try transaction.entries.map { try $0.plan() }
    } catch {
      throw Self.unsent(error, writes: transaction.entries.contains { $0.writes() })
    }
    let plans = prepared.map(\.0)
    let answers = try await run(plans, conditions: transaction.conditions)
    guard let header = answers.first?.header else { throw Self.emptyTransaction }
    let values = zip(prepared, answers).map { entry, answer in
      Result { try entry.1(answer) }.mapError { Self.afterAnswer($0, answer, in: plans) }
    }
    return transaction.results(values, revision: header.revision)
  }

  /// The error of an operation that makes no sense; the transaction that it is in, if it would have written, is refused.
  private static func unsent(_ error: any Error, writes: Bool) -> any Error {
    guard writes, let error = error as? HoldfastError, error.outcome == nil else { return error }
    return error.with(outcome: .refused)
  }

  /// What went wrong with an answer that came: if its transaction wrote something, that is applied.
  private static func afterAnswer(
    _ error: any Error, _ answer: OperationAnswer, in plans: [OperationPlan]
  ) -> HoldfastError {
    var error = HoldfastError(wrapping: error)
    if plans.contains(where: \.writes) { error.outcome = .applied }
    error.revision = answer.header.revision
    return error
  }

  static var emptyTransaction: HoldfastError {
    HoldfastError(.invalidArgument, "the transaction has no operation", outcome: .refused)
  }

  private func decode<R>(_ prepared: Prepared<R>, _ answer: OperationAnswer?, in plans: [OperationPlan]) throws -> R {
    guard let answer else { throw Self.emptyTransaction }
    do {
      return try prepared.decode(answer)
    } catch {
      throw Self.afterAnswer(error, answer, in: plans)
    }
  }

  private func decode<R>(_ prepared: Prepared<R>, _ answer: OperationAnswer) throws -> R {
    try decode(prepared, answer, in: [prepared.plan])
  }
}

/// A result with the header of the answer that it came in.
public struct Committed<Result: Sendable>: Sendable {
  public let result: Result
  public let header: ResponseHeader

  /// For a write the revision of the change, otherwise the store's revision when it answered.
  public var revision: Revision { header.revision }
}

extension Store {
  /// Adds a cache, whose range is told of every write from now on.
  func add(_ observer: any WriteObserver) {
    observers.withLock { $0[ObjectIdentifier(observer)] = observer }
  }

  func remove(_ observer: any WriteObserver) {
    observers.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(observer)) }
  }

  func allObservers() -> [any WriteObserver] { observers.withLock { Array($0.values) } }

  typealias Marks = [ObjectIdentifier: WriteMark]

  /// What each cache knows of the store, to be taken before a write is sent.
  func marks() -> Marks { observers.withLock { $0 }.mapValues(\.mark) }
}
