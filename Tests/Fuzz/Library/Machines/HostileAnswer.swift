import HoldfastCore

/// An answer to a transaction: one operation of the right kind for each that was asked for, with any content, unless the input
/// says otherwise.
struct HostileAnswer {
  private(set) var response: TransactionResponse
  /// Whether there is one answer of the right kind for every operation.
  private(set) var isWellFormed = true

  init(to request: TransactionRequest, _ input: inout FuzzInput) {
    let succeeded = !input.oneIn(3)
    var responses = (succeeded ? request.success : request.failure).map { Self.response(to: $0, &input) }
    if input.oneIn(2) {
      isWellFormed = false
      let place = input.below(responses.count + 1)
      let other = Self.other(&input)
      switch input.below(4) {
      case 0: responses.insert(other, at: place)
      case 1: if place < responses.count { responses.remove(at: place) }
      case 2: responses.reverse()
      default: if place < responses.count { responses[place] = other }
      }
    }
    response = TransactionResponse(header: input.header(), succeeded: succeeded, responses: responses)
  }

  private static func response(to request: StoreRequest, _ input: inout FuzzInput) -> StoreResponse {
    let keyValues = (0..<input.below(4)).map { _ in input.keyValue() }
    switch request {
    case .range:
      return .range(
        RangeResponse(header: input.header(), keyValues: keyValues, more: input.oneIn(4), count: input.number()))
    case .put: return .put(PutResponse(header: input.header(), previous: keyValues.first))
    case .deleteRange:
      return .deleteRange(DeleteRangeResponse(header: input.header(), deleted: input.number(), previous: keyValues))
    case .transaction: return other(&input)
    }
  }

  private static func other(_ input: inout FuzzInput) -> StoreResponse {
    let header = input.header()
    switch input.below(4) {
    case 0: return .transaction(TransactionResponse(header: header, succeeded: true, responses: []))
    case 1: return .put(PutResponse(header: header, previous: input.keyValue()))
    case 2: return .deleteRange(DeleteRangeResponse(header: header, deleted: input.number()))
    default: return .range(RangeResponse(header: header, keyValues: [input.keyValue()], count: input.number()))
    }
  }
}
