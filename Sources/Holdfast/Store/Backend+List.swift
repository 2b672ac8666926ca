extension Backend {
  /// Everything that a range holds at one revision, linearizable: read in pages that are pinned to the revision of the first.
  /// A compaction that overtakes it makes it begin again.
  ///
  /// Small pages are slow in the server, pages of large values are refused or take too long: a page aims at so many bytes,
  /// going by the one before, and one that fails for its size is asked for again in smaller pieces.
  ///
  /// - Parameter revision: The revision whose state to read; the store's newest when nil. A compaction of it is an error.
  func list(
    _ range: KeyRange, at revision: Revision? = nil, page: Int64 = 10_000, pageBytes: Int = 16 << 20
  ) async throws -> RangeResponse {
    var attempts = 0
    while true {
      do {
        return try await listOnce(range, at: revision, page: page, pageBytes: pageBytes)
      } catch let error as HoldfastError {
        attempts += 1
        guard error.code == .compacted, revision == nil, attempts < 5 else { throw error }
      }
    }
  }

  private func listOnce(
    _ range: KeyRange, at revision: Revision?, page: Int64, pageBytes: Int
  ) async throws -> RangeResponse {
    var size = PageSize(most: page, bytes: pageBytes)
    var request = RangeRequest(range)
    request.revision = revision
    var list = try await self.page(request, &size)
    request.revision = revision ?? list.header.revision
    var more = list.more
    if more, list.keyValues.isEmpty {
      throw HoldfastError(
        .protocolViolation, "the first page of \(range) is empty, and there is more", key: range.start)
    }
    while more, let last = list.keyValues.last {
      request.range = KeyRange(start: last.key.successor, end: range.end)
      let next = try await self.page(request, &size)
      guard next.keyValues.first.map({ $0.key > last.key }) ?? !next.more else {
        throw HoldfastError(.protocolViolation, "a page of \(range) repeats keys of the page before", key: last.key)
      }
      list.keyValues += next.keyValues
      more = next.more
    }
    list.more = false
    list.count = Int64(list.keyValues.count)
    return list
  }

  private func page(_ request: RangeRequest, _ size: inout PageSize) async throws -> RangeResponse {
    var request = request
    while true {
      request.limit = size.limit
      do {
        let answer = try await range(request)
        size.note(answer.keyValues)
        return answer
      } catch {
        guard size.shrinks(after: error) else { throw error }
      }
    }
  }
}

/// How many keys to ask for at once: pure.
struct PageSize {
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

extension HoldfastError {
  /// Whether trying again later may help, without anybody changing anything.
  var isTransient: Bool { [.unavailable, .timeout, .resourceExhausted, .internal, .protocolViolation].contains(code) }
}
