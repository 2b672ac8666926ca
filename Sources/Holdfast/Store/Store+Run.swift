import Logging

extension Store {
  /// The one path of every operation: validate, grant leases, send, route what was written to the caches, read the answers.
  func run(_ operations: [OperationPlan], conditions: [Condition]) async throws -> [OperationAnswer] {
    if operations.isEmpty { throw Self.emptyTransaction }
    let plan = TransactionPlan(operations: operations, conditions: conditions)
    do {
      return try await run(plan)
    } catch var error as HoldfastError where error.key == nil {
      // What went wrong on the way knows of no keys.
      error.key = plan.onlyKey
      throw error
    }
  }

  private func run(_ plan: TransactionPlan) async throws -> [OperationAnswer] {
    try plan.validate(plan.request(), limits: backend.limits)
    let leases = try await grantLeases(plan.operations)
    let request = plan.request(leases: leases)
    let sent = marks()
    let response: TransactionResponse
    do {
      response = try await backend.transact(request)
    } catch {
      response = try await resolve(error, plan, request, leases: leases, sent: sent)
    }
    if request.writes { try await show(request, response, sent: sent) }
    guard response.succeeded else {
      await revoke(leases.values)
      throw plan.refusal(response)
    }
    return try plan.answers(response, leases: leases)
  }

  /// Sends a transaction as it is, and hands what it wrote to the caches, as all typed operations do.
  ///
  /// When it returns every cache of this store shows what was written or something newer (G2). For a put that does not ask
  /// for the previous value that means waiting until the cache's watch has delivered it, at most for its configuration's
  /// `followTimeout`.
  ///
  /// - Throws: ``HoldfastError`` as the backend does, with the outcome of the write; `applied` with code `timeout` or
  ///   `cancelled` when the write was acknowledged and a cache did not show it in time.
  public func transact(_ request: TransactionRequest) async throws -> TransactionResponse {
    guard request.writes else { return try await backend.transact(request) }
    let sent = marks()
    let response = try await backend.transact(request)
    try await show(request, response, sent: sent)
    return response
  }

  /// Hands what an acknowledged transaction wrote to the caches, and returns when all of them show it.
  private func show(_ request: TransactionRequest, _ response: TransactionResponse, sent: Marks) async throws {
    let effects = Effects(request, response)
    let revision = response.header.revision
    // Caches that came while the write was under way are told too: their first list may have missed it.
    let observers = allObservers()
    var waiting: [any WriteObserver] = []
    for observer in observers {
      var own: [AcknowledgedWrite] = []
      switch effects.route(to: observer.range) {
      case .none: break
      case .follow: waiting.append(observer)
      case .acknowledge(let writes): own = writes
      }
      let mark = sent[ObjectIdentifier(observer)] ?? WriteMark(epoch: observer.mark.epoch, known: nil)
      // A write that does not concern it may still tell that the store went back.
      let isShown = observer.acknowledged(own, at: revision, changed: effects.changed, sent: mark)
      if !isShown, !own.isEmpty { waiting.append(observer) }
    }
    for observer in waiting {
      do {
        try await observer.followed(to: revision)
      } catch {
        var error = HoldfastError(wrapping: error)
        error.message = "the write was applied, but a cache does not show it yet: \(error.message)"
        error.outcome = .applied
        error.revision = revision
        throw error
      }
    }
  }

  /// Sends more reads than one transaction takes in several, all pinned to the revision of the first.
  func readInParts(_ plan: OperationPlan) async throws -> OperationAnswer {
    var attempts = 0
    while true {
      do {
        return try await readPinned(plan)
      } catch let error as HoldfastError {
        // A compaction overtook the pinned revision: begin again, but not for ever.
        attempts += 1
        guard error.code == .compacted, attempts < 3, plan.requests.allSatisfy({ !$0.isPinned }) else { throw error }
      }
    }
  }

  private func readPinned(_ plan: OperationPlan) async throws -> OperationAnswer {
    var header: ResponseHeader?
    var responses: [StoreResponse] = []
    var rest = plan.requests[...]
    while !rest.isEmpty {
      var part = plan
      // The guards held at the first part's revision, to which the others are pinned.
      if header != nil { part.guards = [] }
      part.requests = rest.prefix(max(1, backend.limits.transactionOperations)).map { $0.pinned(to: header?.revision) }
      rest = rest.dropFirst(part.requests.count)
      // Of many keys, none that is alone in its part is the one concerned.
      let answer = try await run(TransactionPlan(operations: [part]))[0]
      header = header ?? answer.header
      responses += answer.responses
    }
    guard let header else { throw HoldfastError(.invalidArgument, "the operation asks for nothing") }
    return OperationAnswer(header: header, responses: responses, lease: nil)
  }

  private func grantLeases(_ operations: [OperationPlan]) async throws -> [Int: Lease] {
    var leases: [Int: Lease] = [:]
    for (index, operation) in operations.enumerated() {
      guard let ttl = operation.ttl else { continue }
      do {
        leases[index] = try await backend.grantLease(id: nil, ttl: ttl)
      } catch {
        await revoke(leases.values)
        // Whatever became of the lease, the write itself was never sent.
        throw HoldfastError(wrapping: error).with(outcome: .refused)
      }
    }
    return leases
  }

  /// In a task of its own, because a cancelled caller's requests are not sent any more.
  func revoke(_ leases: some Collection<Lease>) async {
    let ids = leases.map(\.id)
    if ids.isEmpty { return }
    await Task {
      for id in ids {
        do {
          _ = try await backend.revokeLease(id)
        } catch {
          logger.info(
            "A lease of a refused write is left to expire", metadata: ["lease": "\(id)", "error": "\(error)"])
        }
      }
    }.value
  }
}

extension StoreRequest {
  fileprivate var isPinned: Bool {
    if case .range(let request) = self { request.revision != nil } else { false }
  }

  fileprivate func pinned(to revision: Revision?) -> StoreRequest {
    guard let revision, case .range(var request) = self, request.revision == nil else { return self }
    request.revision = revision
    // Another member may not have come so far yet.
    request.serializable = false
    return .range(request)
  }
}
