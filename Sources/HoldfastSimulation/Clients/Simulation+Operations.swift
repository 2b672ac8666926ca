import Holdfast
import HoldfastCore

extension Simulation {
  /// A client begins an operation.
  func operate() -> Bool {
    let client = choices.pick(clients.count)
    guard operations.count(where: { $0.client == client }) < 3 else { return false }
    guard let kind = choices.pick(SimulatedOperation.Kind.allCases) else { return false }
    let before = lastToken
    do {
      let operation = leased(try make(kind, client))
      operations.append(operation)
      record.operations += 1
      tell("client \(client): \(kind) \(operation.keys.map { Keys.all[$0] }) token \(operation.token ?? 0)")
      let request = operation.kind == .get ? readRequest(operation) : .transact(operation.request)
      call(client, .operation(operation.id), request)
    } catch {
      // What makes no sense is refused before it is sent: a stored value that is misplaced, say.
      lastToken = before
      return false
    }
    return true
  }

  private func readRequest(_ operation: SimulatedOperation) -> CallRequest {
    .range(RangeRequest(.key(Keys.all[operation.keys[0]])))
  }

  private func make(_ kind: SimulatedOperation.Kind, _ client: Int) throws -> SimulatedOperation {
    let space = Keys.keyspaces[0]
    let key = choices.pick(Keys.single.count - 1)
    let name = Keys.single[key]
    let token = nextToken()
    let value = SimulatedValue(key: name, token: token)
    let isUnique = choices.chance(20)
    switch kind {
    case .put:
      return try operation(kind, client, [space.put(value).unique(isUnique).prepared().plan], token, keys: [name])
    case .create:
      return try operation(
        kind, client, [space.create(value).unique(isUnique).prepared().plan], token, .zero, keys: [name])
    case .update:
      var stored = held(name, by: client) ?? justRead(name) ?? space.draft(value)
      stored.value = value
      return try operation(
        kind, client, [space.update(stored).unique(isUnique).prepared().plan], token, stored.modRevision, keys: [name])
    case .deleteStored:
      let stored = held(name, by: client) ?? space.draft(value)
      return try operation(
        kind, client, [space.delete(stored).prepared().plan], nil, stored.modRevision, keys: [name])
    case .delete:
      return try operation(kind, client, [space.delete(space.relative(name)).prepared().plan], nil, keys: [name])
    case .deleteFolder:
      return try operation(
        kind, client, [space.delete(prefix: "d").prepared().plan], nil,
        keys: Keys.all.filter { $0.hasPrefix(Keys.folder) })
    case .putPair:
      let plans = try Keys.pair.map { try space.put(SimulatedValue(key: $0, token: token)).prepared().plan }
      return try operation(kind, client, plans, token, keys: Keys.pair)
    case .deletePair:
      let plans = try Keys.pair.map { try space.delete(space.relative($0)).prepared().plan }
      return try operation(kind, client, plans, nil, keys: Keys.pair)
    case .get: return try operation(kind, client, [space.get(space.relative(name)).prepared().plan], nil, keys: [name])
    case .blindPut:
      let put = PutRequest(key: name, value: try space.encode(value))
      return operation(kind, client, nil, TransactionRequest(success: [.put(put)]), token, nil, keys: [name])
    case .putLeased:
      // The lease may be gone when the request arrives. It is not one that was granted for a write alone.
      let lease = choices.pick(leases.filter { !ownLeases.contains($0) })
      let put = PutRequest(key: name, value: try space.encode(value), lease: lease, previous: true)
      return operation(kind, client, nil, TransactionRequest(success: [.put(put)]), token, nil, keys: [name])
    }
  }

  private func operation(
    _ kind: SimulatedOperation.Kind, _ client: Int, _ plans: [OperationPlan], _ token: UInt32?,
    _ expected: Revision? = nil, keys: [Key]
  ) throws -> SimulatedOperation {
    let plan = TransactionPlan(operations: plans)
    return operation(kind, client, plan, plan.request(), token, expected, keys: keys)
  }

  private func operation(
    _ kind: SimulatedOperation.Kind, _ client: Int, _ plan: TransactionPlan?, _ request: TransactionRequest,
    _ token: UInt32?, _ expected: Revision?, keys: [Key]
  ) -> SimulatedOperation {
    let marks = caches.indices.filter { caches[$0].client == client && caches[$0].isRunning }
      .map { ($0, caches[$0].machine.mark) }
    return SimulatedOperation(
      id: nextID(), client: client, kind: kind, plan: plan, request: request, marks: marks, token: token,
      expected: expected, keys: keys.compactMap(Keys.index), invoked: registers.nextInstant(), restores: record.restores
    )
  }

  /// What a client reads of a key from its own memory.
  private func held(_ key: Key, by client: Int) -> Stored<SimulatedValue>? {
    guard let index = Keys.index(key) else { return nil }
    for cache in caches where cache.client == client && cache.isReadable {
      guard cache.keyspace.prefix == Keys.root, let record = cache.index[index] else { continue }
      if let stored = try? CacheDecoder(cache.keyspace).value(of: record) { return stored }
    }
    return nil
  }

  /// Somebody writes whom no cache here knows.
  func writeElsewhere() -> Bool {
    let token = nextToken()
    let key = choices.pick(Keys.single) ?? Keys.root
    let value = SimulatedCodec.bytes(token: token) + key.bytes
    switch choices.pick(8) {
    case 0: commit(.transact(TransactionRequest(success: [.deleteRange(DeleteRangeRequest(.key(key)))])))
    case 1: commit(.transact(TransactionRequest(success: [.deleteRange(DeleteRangeRequest(.prefix(Keys.folder)))])))
    case 2:
      inject(.malformedValue)
      commit(.put(PutRequest(key: key, value: SimulatedCodec.malformed(token: token))))
    case 3:
      let lease = LeaseID(Int64(nextID()))
      commit(.grant(lease))
      leases.append(lease)
      commit(.put(PutRequest(key: key, value: value, lease: lease)))
    case 4:
      let puts = Keys.pair.map {
        StoreRequest.put(PutRequest(key: $0, value: SimulatedCodec.bytes(token: token) + $0.bytes))
      }
      commit(.transact(TransactionRequest(success: puts)))
    case 5: rival()
    default: commit(.put(PutRequest(key: key, value: value)))
    }
    return true
  }

  func expireLease() -> Bool {
    guard !leases.isEmpty else { return false }
    inject(.leaseExpired)
    commit(.revoke(leases.remove(at: choices.pick(leases.count))))
    return true
  }

  /// Commits what needs no answer.
  func commit(_ entry: Entry, isImitation: Bool = false) {
    let before = oracle.state
    _ = try? cluster.commit(entry)
    oracle.follow(cluster.committed, now, isImitation: isImitation)
    remember(changesSince: before)
    acknowledged = oracle.revision
    tell("committed \(entry) at \(oracle.revision)")
  }
}

extension StoreOperation {
  fileprivate func unique(_ isUnique: Bool) -> StoreOperation { isUnique ? unique() : self }
}

extension Keyspace {
  func relative(_ storeKey: Key) -> Key { storeKey.dropping(prefix: prefix) ?? storeKey }
}
