package import HoldfastCore

/// Everything that a range holds at one revision, read in pages: which page to ask for next, and when the list is whole. Pure.
///
/// The pages are linearizable and pinned to the revision of the first. A compaction that overtakes it makes the list begin
/// again. Small pages are slow in the server, pages of large values are refused or take too long: a page aims at so many
/// bytes, going by the one before, and one that fails for its size is asked for again in smaller pieces.
package struct ListMachine: Sendable {
  package enum Input: Sendable {
    case start
    case answered(RangeResponse)
    case failed(HoldfastError)
  }

  package enum Action: Sendable {
    case request(RangeRequest)
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
  /// Asked for when the pages are all there.
  private var anchor: HistoryAnchor?
  private var isPaged = false
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

  package mutating func handle(_ input: Input) -> Action {
    switch input {
    case .start: request()
    case .answered(let answer): add(answer)
    case .failed(let error): failed(error)
    }
  }

  private mutating func request() -> Action {
    if let anchor { return .request(anchor.request) }
    page.limit = size.limit
    return .request(page)
  }

  private mutating func add(_ answer: RangeResponse) -> Action {
    if let anchor { return anchored(answer, anchor) }
    size.note(answer.keyValues)
    let last = list?.keyValues.last?.key
    if let last, !(answer.keyValues.first.map { $0.key > last } ?? !answer.more) {
      return violation("a page of \(range) repeats keys of the page before", at: last)
    }
    if list == nil {
      list = answer
      page.revision = revision ?? answer.header.revision
    } else {
      list?.keyValues += answer.keyValues
    }
    guard answer.more else { return isPaged ? seal() : whole() }
    isPaged = true
    guard let next = answer.keyValues.last?.key else {
      return violation("a page of \(range) is empty, and there is more", at: page.range.start)
    }
    page.range = KeyRange(start: next.successor, end: range.end)
    return request()
  }

  /// The store may have been restored between two pages.
  private mutating func seal() -> Action {
    let anchor = HistoryAnchor(
      range, at: page.revision ?? .zero, (list?.keyValues ?? []).lazy.map(\.modRevision))
    self.anchor = anchor
    return .request(anchor.request)
  }

  private mutating func anchored(_ answer: RangeResponse, _ anchor: HistoryAnchor) -> Action {
    let pages = list?.keyValues ?? []
    let isWhole = anchor.holds(in: answer) { key in
      let index = pages.partition { $0.key >= key }
      return index < pages.count && pages[index].key == key ? pages[index] : nil
    }
    guard isWhole else {
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
    (list, anchor, isPaged) = (nil, nil, false)
    return request()
  }

  private func violation(_ message: String, at key: Key) -> Action {
    .fail(HoldfastError(.protocolViolation, message, key: key))
  }
}

extension [KeyValue] {
  /// The index of the first element that is on the far side; those before it are not.
  fileprivate func partition(_ isFar: (KeyValue) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isFar(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
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
