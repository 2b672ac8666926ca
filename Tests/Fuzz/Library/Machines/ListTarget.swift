import Holdfast
import HoldfastCore

extension FuzzTarget {
  /// Pages of every kind into the list's machine.
  static let list = FuzzTarget("list", seeds: sequences) { bytes in
    var input = FuzzInput(bytes)
    var store = ModelStore()
    for index in 0..<input.below(30) { _ = store.put(Key("/p/\(index * 7 % 30)"), input.bytes(input.below(4))) }
    let range = input.pick([KeyRange.prefix("/p/"), .all, .key("/p/3"), KeyRange(start: "/p/2", end: "/p/1")])
    let revision = input.oneIn(3) ? input.pick([store.revision, 1, 0, .init(.max), store.revision.next]) : nil
    var server = HostilePages(store: store, most: Int64(input.below(90)))
    var machine = ListMachine(range, at: revision, page: server.most, pageBytes: 1 + input.below(200))
    var action = machine.handle(.start)
    while true {
      switch action {
      case .request(let request): action = machine.handle(try server.answer(request, in: range, &input))
      case .open(let request): action = machine.handle(try server.open(request, in: range, &input))
      case .fail: return
      case .done(let list):
        try promise(!list.more && list.count == Int64(list.keyValues.count), "a whole list is not whole")
        try promise(list.keyValues.allSatisfy { range.contains($0.key) }, "a key is outside of the range")
        try promise(
          zip(list.keyValues, list.keyValues.dropFirst()).allSatisfy { $0.key < $1.key }, "keys are out of order")
        if server.isHonest {
          let truth = store.content(range, at: revision ?? store.revision)
          try promise(list.keyValues == truth, "the list is not what the store held")
        }
        return
      }
    }
  }
}

/// A server that answers lists, truthfully as long as the input does not say otherwise.
private struct HostilePages {
  var store: ModelStore
  var most: Int64
  var isHonest = true
  var requests = 0

  init(store: ModelStore, most: Int64) {
    self.store = store
    self.most = most
  }

  mutating func answer(_ request: RangeRequest, in range: KeyRange, _ input: inout FuzzInput) throws
    -> ListMachine.Input
  {
    try check(request, in: range)
    // Without more input there is no more failure, so that every run ends.
    if input.oneIn(10) { return .failed(input.error()) }
    guard let answer = store.answer(request) else { return .failed(HoldfastError(.futureRevision, "any")) }
    return .answered(input.oneIn(10) ? distorted(answer, &input) : answer)
  }

  mutating func open(_ request: TransactionRequest, in range: KeyRange, _ input: inout FuzzInput) throws
    -> ListMachine.Input
  {
    if input.oneIn(10) { return .failed(input.error()) }
    var responses: [StoreResponse] = []
    for case .range(let range) in request.success {
      guard let answer = store.answer(range) else { return .failed(HoldfastError(.futureRevision, "any")) }
      responses.append(.range(input.oneIn(10) ? distorted(answer, &input) : answer))
    }
    if case .range(let page)? = request.success.first { try check(page, in: range) }
    if input.oneIn(10) {
      isHonest = false
      switch input.below(4) {
      case 0: responses = []
      case 1: responses += responses
      case 2: responses.reverse()
      default: responses[0] = .put(PutResponse(header: store.header))
      }
    }
    return .opened(TransactionResponse(header: store.header, succeeded: !input.oneIn(9), responses: responses))
  }

  private mutating func check(_ request: RangeRequest, in range: KeyRange) throws {
    requests += 1
    try promise(requests < 2_000, "it asks without end")
    try promise(request.limit >= 1 && request.limit <= max(1, most), "a limit of \(request.limit)")
    try promise(range.isEmpty || range.contains(request.range), "it asks for \(request.range)")
  }

  private mutating func distorted(_ answer: RangeResponse, _ input: inout FuzzInput) -> RangeResponse {
    isHonest = false
    var answer = answer
    switch input.below(9) {
    case 0: answer.more.toggle()
    case 1: answer.keyValues = []
    case 2: answer.keyValues.reverse()
    case 3: answer.keyValues += answer.keyValues
    case 4: answer.keyValues.append(input.keyValue())
    case 5: answer.keyValues.insert(input.keyValue(), at: 0)
    case 6: answer.header = input.header()
    case 7: answer.count = input.number()
    default: answer.keyValues.removeLast(answer.keyValues.count / 2)
    }
    return answer
  }
}
