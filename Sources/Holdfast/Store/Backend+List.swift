extension Backend {
  /// Everything that a range holds at one revision, linearizable: read in pages that are pinned to the revision of the first.
  /// A compaction that overtakes it makes it begin again.
  ///
  /// The page is as large as etcd serves well; small pages are slow in the server.
  func list(_ range: KeyRange, page: Int64 = 10_000) async throws -> RangeResponse {
    var attempts = 0
    while true {
      do {
        return try await listOnce(range, page: page)
      } catch let error as HoldfastError {
        attempts += 1
        guard error.code == .compacted, attempts < 5 else { throw error }
      }
    }
  }

  private func listOnce(_ range: KeyRange, page: Int64) async throws -> RangeResponse {
    var request = RangeRequest(range)
    request.limit = page
    var list = try await self.range(request)
    request.revision = list.header.revision
    var more = list.more
    while more, let last = list.keyValues.last {
      request.range = KeyRange(start: last.key.successor, end: range.end)
      let next = try await self.range(request)
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
}

extension HoldfastError {
  /// Whether trying again later may help, without anybody changing anything.
  var isTransient: Bool { [.unavailable, .timeout, .resourceExhausted, .internal, .protocolViolation].contains(code) }
}
