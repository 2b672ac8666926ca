package import HoldfastCore

/// Everything that a range holds at one revision, read in pages: which page to ask for next, and when the list is whole. Pure.
///
/// The pages are linearizable and pinned to the revision of the first. A compaction that overtakes it makes the list begin
/// again, and so does a restore of the store between two pages: an anchor that is read with the first page must be the same
/// after the last. Small pages are slow in the server, pages of large values are refused or take too long: a page aims at so many
/// bytes, going by the one before, and one that fails for its size is asked for again in smaller pieces.
package struct ListMachine: Sendable {
  package enum Input: Sendable {
    case start
    case answered(RangeResponse)
    case opened(TransactionResponse)
    case failed(HoldfastError)
  }

  package enum Action: Sendable {
    case request(RangeRequest)
    /// The first of several pages, with the anchor.
    case open(TransactionRequest)
    /// The whole range, in key order.
    case done(RangeResponse)
    case fail(HoldfastError)
  }

  private let range: KeyRange
  private let revision: Revision?
  private let mostPerPage: Int64
  private let pageBytes: Int
  private var size: PageSize
  private var page: RangeRequest
  private var list: RangeResponse?
  /// What the store said with the first of several pages.
  private var anchor: RangeResponse?
  private var isOpening = false
  private var isSealing = false
  private var attempts = 0

  /// - Parameter revision: The revision whose state to read; the store's newest when nil. A compaction of it is an error.
  package init(_ range: KeyRange, at revision: Revision? = nil, page: Int64 = 10_000, pageBytes: Int = 16 << 20) {
    self.range = range
    self.revision = revision
    mostPerPage = page
    self.pageBytes = pageBytes
    size = PageSize(most: page, bytes: pageBytes)
    self.page = RangeRequest(range)
    self.page.revision = revision
  }

  /// What has come so far; nil before the first page.
  var progress: ListProgress? { list.map { ListProgress(keys: $0.keyValues.count, total: Int($0.count)) } }

  package mutating func handle(_ input: Input) -> Action {
    switch input {
    case .start: request()
    case .answered(let answer): isSealing ? sealed(answer) : add(answer)
    case .opened(let answer): opened(answer)
    case .failed(let error): failed(error)
    }
  }

  private mutating func request() -> Action {
    if isSealing { return .request(HistoryAnchor.request(range, at: page.revision)) }
    page.limit = size.limit
    guard isOpening else { return .request(page) }
    return .open(TransactionRequest(success: [.range(page), .range(HistoryAnchor.request(range, at: revision))]))
  }

  private mutating func opened(_ answer: TransactionResponse) -> Action {
    guard answer.responses.count == 2, case .range(var page) = answer.responses[0],
      case .range(let anchor) = answer.responses[1]
    else { return violation("the answer to a first page of \(range) is not one", at: range.start) }
    isOpening = false
    self.anchor = anchor
    page.header = answer.header
    return add(page)
  }

  private mutating func add(_ answer: RangeResponse) -> Action {
    size.note(answer.keyValues)
    var last = list?.keyValues.last?.key
    for key in answer.keyValues.lazy.map(\.key) {
      if let last, key <= last { return violation("a page of \(range) is out of order, or repeats keys", at: key) }
      guard range.contains(key) else { return violation("a page of \(range) holds what was not asked for", at: key) }
      last = key
    }
    if list == nil {
      if answer.more, anchor == nil {
        // There are several pages: begin again with an anchor.
        isOpening = true
        return request()
      }
      list = answer
      page.revision = revision ?? answer.header.revision
    } else {
      list?.keyValues += answer.keyValues
    }
    guard answer.more else {
      isSealing = anchor != nil
      return isSealing ? request() : whole()
    }
    guard let next = answer.keyValues.last?.key else {
      return violation("a page of \(range) is empty, and there is more", at: page.range.start)
    }
    page.range = KeyRange(start: next.successor, end: range.end)
    return request()
  }

  private mutating func sealed(_ answer: RangeResponse) -> Action {
    let pages = list?.keyValues ?? []
    let expected = HistoryAnchor(range, at: page.revision ?? .zero, pages.lazy.map(\.modRevision))
    let isWhole = answer.count == anchor?.count && answer.keyValues == anchor?.keyValues
    guard isWhole, expected.holds(in: answer, { pages.value(of: $0.key) == $0 }) else {
      return failed(HoldfastError(.compacted, "the store was restored while \(range) was listed", key: range.start))
    }
    return whole()
  }

  private mutating func whole() -> Action {
    guard var list else { return .fail(HoldfastError(.internal, "a list of \(range) ended before its first page")) }
    list.more = false
    list.count = Int64(list.keyValues.count)
    return .done(list)
  }

  private mutating func failed(_ error: HoldfastError) -> Action {
    if size.shrinks(after: error) { return request() }
    attempts += 1
    guard error.code == .compacted, revision == nil, attempts < 5 else { return .fail(error) }
    size = PageSize(most: mostPerPage, bytes: pageBytes)
    page = RangeRequest(range)
    (list, anchor, isOpening, isSealing) = (nil, nil, false, false)
    return request()
  }

  private func violation(_ message: String, at key: Key) -> Action {
    .fail(HoldfastError(.protocolViolation, message, key: key))
  }
}

extension [KeyValue] {
  /// What is under a key, in an array that is in key order.
  fileprivate func value(of key: Key) -> KeyValue? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].key == key ? self[low] : nil
  }
}

/// How many keys to ask for at once: pure.
struct PageSize: Sendable {
  private(set) var limit: Int64
  private let most: Int64
  private let bytes: Int
  private var timeouts = 0

  /// Begins with a tenth, since nothing is known of the values.
  init(most: Int64, bytes: Int) {
    self.most = max(1, most)
    self.bytes = bytes
    limit = max(1, most / 10)
  }

  /// Learns from a page how large values are.
  mutating func note(_ keyValues: [KeyValue]) {
    guard !keyValues.isEmpty else { return }
    let total = keyValues.reduce(0) { $0 + $1.key.bytes.count + $1.value.count }
    limit = min(max(1, Int64(bytes / max(1, total / keyValues.count))), most)
  }

  /// Whether a smaller page may succeed where this one failed. A server that does not answer fails for every size, and is
  /// not asked for ever.
  mutating func shrinks(after error: HoldfastError) -> Bool {
    guard limit > 1, error.code == .resourceExhausted || error.code == .timeout else { return false }
    if error.code == .timeout {
      timeouts += 1
      if timeouts > 2 { return false }
    }
    limit = max(1, limit / 8)
    return true
  }
}
