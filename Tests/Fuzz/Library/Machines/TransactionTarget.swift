import Holdfast
import HoldfastCore

extension FuzzTarget {
  /// Answers of every kind to typed operations: what they return, what a refusal says, what is taken as written.
  static let transaction = FuzzTarget("transaction", seeds: sequences) { bytes in
    var input = FuzzInput(bytes)
    var operations: [AnyOperation] = []
    for _ in 0..<(1 + input.below(4)) { operations.append(try AnyOperation(&input)) }
    let plan = TransactionPlan(operations: operations.map(\.plan))
    let request = plan.request()
    let answer = HostileAnswer(to: request, &input)
    let writes = request.success.contains { if case .range = $0 { false } else { true } }
    try checkEffects(request, answer.response)
    guard answer.response.succeeded else {
      let refusal = plan.refusal(answer.response)
      try promise(refusal.outcome == (writes ? .refused : nil), "a refusal with outcome \(refusal.outcome as Any)")
      let codes: [HoldfastError.Code] = [.alreadyExists, .revisionMismatch, .constraintViolated]
      try promise(codes.contains(refusal.code), "a refusal as \(refusal.code)")
      _ = refusal.description
      return
    }
    do {
      let answers = try plan.answers(answer.response, leases: [:])
      try promise(answers.count == operations.count, "\(answers.count) answers")
      for (operation, answer) in zip(operations, answers) { try operation.decode(answer) }
    } catch let error as HoldfastError {
      let codes: [HoldfastError.Code] = answer.isWellFormed ? [.decodingFailed] : [.decodingFailed, .protocolViolation]
      try promise(codes.contains(error.code), "\(error) for a well-formed answer")
    }
  }

  private static func checkEffects(_ request: TransactionRequest, _ response: TransactionResponse) throws {
    let effects = Effects(request, response)
    let asked = request.success.reduce(0) { if case .range = $1 { $0 } else { $0 + 1 } }
    try promise(effects.writes.count <= asked, "more was written than was asked for")
    if case .acknowledge(let writes) = effects.route(to: .prefix("/p/")) {
      try promise(!writes.isEmpty && writes.count <= effects.writes.count, "a route of nothing")
    }
  }
}

/// A typed operation without its type.
private struct AnyOperation {
  let plan: OperationPlan
  let decode: (OperationAnswer) throws -> Void

  private static let keyspace = Keyspace<String>(prefix: "/p/") { $0.isEmpty ? "none" : $0 }

  private init<R>(_ operation: StoreOperation<R>, _ use: @escaping (R) throws -> Void = { _ in }) throws {
    let prepared = try operation.prepared()
    plan = prepared.plan
    decode = { try use(try prepared.decode($0)) }
  }

  init(_ input: inout FuzzInput) throws {
    let (space, name) = (Self.keyspace, input.pick(["a", "b", "c"]))
    let held = KeyValue(
      key: Key("/p/\(name)"), value: Array("\"\(name)\"     ".utf8), createRevision: 1, modRevision: 2, version: 1)
    switch input.below(12) {
    case 0: try self.init(space.get(name))
    case 1: try self.init(space.get(["a", "b", name])) { _ = $0[name] }
    case 2: try self.init(space.list()) { list in try promise(list.total >= .min, "\(list.count)") }
    case 3: try self.init(space.exists(name))
    case 4: try self.init(space.count())
    case 5: try self.init(space.put(name).returningPrevious()) { _ = try? $0.previous() }
    case 6: try self.init(space.create(name))
    case 7: try self.init(space.update(try space.decode(held)).returningPrevious()) { _ = try? $0.previous() }
    case 8: try self.init(space.delete(name))
    case 9: try self.init(space.delete(try space.decode(held)))
    case 10: try self.init(space.deleteReturningPrevious(prefix: name))
    default: try self.init(space.put(name).if(.exists("/p/z"), .noneModified(in: .prefix("/p/"), after: 9)))
    }
  }
}
