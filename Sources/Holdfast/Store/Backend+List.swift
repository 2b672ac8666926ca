extension Backend {
  /// Everything that a range holds at one revision, linearizable: what a ``ListMachine`` asks for, and in its pages.
  func list(
    _ range: KeyRange, at revision: Revision? = nil, page: Int64 = 10_000, pageBytes: Int = 16 << 20,
    onPage: (ListProgress) -> Void = { _ in }
  ) async throws -> RangeResponse {
    var machine = ListMachine(range, at: revision, page: page, pageBytes: pageBytes)
    var action = machine.handle(.start)
    while true {
      if let progress = machine.progress { onPage(progress) }
      switch action {
      case .request(let request):
        do {
          action = machine.handle(.answered(try await self.range(request)))
        } catch {
          action = machine.handle(.failed(error))
        }
      case .open(let request):
        do {
          action = machine.handle(.opened(try await transact(request)))
        } catch {
          action = machine.handle(.failed(error))
        }
      case .done(let list): return list
      case .fail(let error): throw error
      }
    }
  }
}

extension HoldfastError {
  /// Whether trying again later may help, without anybody changing anything.
  var isTransient: Bool { [.unavailable, .timeout, .resourceExhausted, .internal, .protocolViolation].contains(code) }
}
