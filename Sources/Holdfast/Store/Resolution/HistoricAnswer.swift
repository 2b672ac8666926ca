import HoldfastCore

/// The answer of a transaction that was applied at a known revision and of which the answer was lost, read from the store's
/// history: what its operations found is what there was one revision before. Pure.
struct HistoricAnswer: Sendable {
  /// The reads, one for each operation of the transaction, and last the signed key at the transaction's own revision.
  let request: TransactionRequest
  private let original: TransactionRequest
  private let revision: Revision
  private let signature: Signature

  enum Reading {
    /// With the transaction's own revision.
    case answer(TransactionResponse)
    /// The key bears the signature longer than that: it was written again, and kept it. So the transaction was applied at
    /// an earlier revision.
    case applied
    /// What was applied at that revision is not what was sent.
    case foreign
    /// The key does not hold there what was found: the store was restored meanwhile.
    case gone
  }

  /// Nil for a transaction whose operations see each other's effects, for a nested one, and where the reads would be more
  /// than the store takes.
  init?(_ original: TransactionRequest, at revision: Revision, _ signature: Signature, limit: Int) {
    guard original.success.count < limit else { return nil }
    var reads: [StoreRequest] = []
    for index in original.success.indices {
      guard let read = original.success.read(replacing: index, around: revision) else { return nil }
      reads.append(.range(read))
    }
    var own = RangeRequest(.key(signature.key))
    own.revision = revision
    self.original = original
    self.revision = revision
    self.signature = signature
    request = TransactionRequest(success: reads + [.range(own)])
  }

  func read(_ response: TransactionResponse, found: KeyValue) -> Reading {
    let answers = response.ranges
    guard answers.count == original.success.count + 1, answers.last?.keyValues == [found] else { return .gone }
    var responses: [StoreResponse] = []
    for (request, answer) in zip(original.success, answers) {
      switch request {
      case .put(let put):
        let before = answer.keyValues.first
        if put.key == signature.key, signature.isBorne(by: before) { return .applied }
        let guards = original.compares.filter { $0.range == .key(put.key) }
        guard guards.allSatisfy({ $0.holds(for: before) }) else { return .foreign }
        responses.append(.put(PutResponse(header: answer.header, previous: put.previous ? before : nil)))
      case .deleteRange(let delete):
        let previous = delete.previous ? answer.keyValues : []
        responses.append(
          .deleteRange(DeleteRangeResponse(header: answer.header, deleted: answer.count, previous: previous)))
      case .range: responses.append(.range(answer))
      case .transaction: return .applied
      }
    }
    var header = response.header
    header.revision = revision
    return .answer(TransactionResponse(header: header, succeeded: true, responses: responses))
  }
}

extension [StoreRequest] {
  /// What an operation of a transaction at that revision found, as a read of the history. Its own transaction's writes are
  /// between one revision and the next: nil where neither of them is what it saw.
  fileprivate func read(replacing index: Int, around revision: Revision) -> RangeRequest? {
    switch self[index] {
    case .put(let put):
      var read = RangeRequest(.key(put.key))
      read.revision = revision.previous
      return read
    case .deleteRange(let delete):
      guard !self[..<index].contains(where: { $0.writes(in: delete.range) }) else { return nil }
      var read = RangeRequest(delete.range)
      read.revision = revision.previous
      read.countOnly = !delete.previous
      return read
    case .range(var read):
      read.serializable = false
      guard read.revision == nil else { return read }
      let isFirst = !self[..<index].contains { $0.writes(in: read.range) }
      let isLast = !self[index...].contains { $0.writes(in: read.range) }
      guard isFirst || isLast else { return nil }
      read.revision = isFirst ? revision.previous : revision
      return read
    case .transaction: return nil
    }
  }
}

extension StoreRequest {
  fileprivate func writes(in range: KeyRange) -> Bool {
    switch self {
    case .range: false
    case .put(let put): range.contains(put.key)
    case .deleteRange(let delete): range.overlaps(delete.range)
    case .transaction: true
    }
  }
}
