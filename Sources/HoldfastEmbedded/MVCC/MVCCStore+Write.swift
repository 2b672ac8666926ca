package import HoldfastCore

/// The changes of a transaction that is being applied, all at one revision.
struct PendingChanges {
  let before: Revision
  let revision: Revision
  var events: [WatchEvent] = []

  /// The store's revision as the transaction itself sees it.
  var current: Revision { events.isEmpty ? before : revision }
}

extension MVCCStore {
  /// Writes a key. Throws, with outcome `refused`: `invalidArgument` (empty key, options that contradict each other),
  /// `leaseNotFound`, `keyNotFound` (an option needs the key) and `requestTooLarge`.
  package mutating func put(_ request: PutRequest) throws -> PutResponse {
    try Self.refusing {
      try check(request)
      try check(size: request.approximateSize)
      try checkLease(request)
      try checkKeyExists(request)
    }
    var pending = PendingChanges(before: revision, revision: revision.next)
    let response = apply(request, to: &pending)
    commit(pending)
    return response
  }

  /// Deletes a range; no new revision when it holds nothing. Throws `invalidArgument` for the empty key.
  package mutating func deleteRange(_ request: DeleteRangeRequest) throws -> DeleteRangeResponse {
    try Self.refusing {
      try check(request.range)
      try check(size: request.approximateSize)
    }
    var pending = PendingChanges(before: revision, revision: revision.next)
    let response = apply(request, to: &pending)
    commit(pending)
    return response
  }

  /// Makes the changes of a transaction the store's next revision, if there are any.
  mutating func commit(_ pending: PendingChanges) {
    guard !pending.events.isEmpty else { return }
    revision = pending.revision
    log.append(pending.events)
  }

  mutating func apply(_ request: PutRequest, to pending: inout PendingChanges) -> PutResponse {
    let current = latest(request.key)
    let lease = request.ignoreLease ? current?.lease : request.attachedLease
    let keyValue = KeyValue(
      key: request.key, value: request.ignoreValue ? current?.value ?? [] : request.value,
      createRevision: current?.createRevision ?? pending.revision, modRevision: pending.revision,
      version: (current?.version ?? 0) + 1, lease: lease)
    record(keyValue, for: request.key, replacing: current, in: &pending)
    return PutResponse(header: header(at: pending.current), previous: request.previous ? current : nil)
  }

  mutating func apply(_ request: DeleteRangeRequest, to pending: inout PendingChanges) -> DeleteRangeResponse {
    let held = index.elements(in: request.range).compactMap { $0.value.latest }
    for keyValue in held { record(nil, for: keyValue.key, replacing: keyValue, in: &pending) }
    return DeleteRangeResponse(
      header: header(at: pending.current), deleted: Int64(held.count), previous: request.previous ? held : [])
  }

  private mutating func record(
    _ keyValue: KeyValue?, for key: Key, replacing current: KeyValue?, in pending: inout PendingChanges
  ) {
    index.withValue(of: key, default: KeyHistory()) { $0.append(keyValue, at: pending.revision) }
    size += cost(key, keyValue)
    leases.move(key, from: current?.lease, to: keyValue?.lease)
    pending.events.append(keyValue.map { WatchEvent(.put, $0) } ?? .delete(key, at: pending.revision))
  }
}
