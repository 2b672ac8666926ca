import Logging

extension Store {
  /// Runs the body with a lease that is kept alive while it runs and revoked when it ends, however it ends. Keys written with
  /// it (`.lease(lease)`) are there as long as the body runs, and go with it.
  ///
  /// When the lease is lost (it expired, somebody revoked it, or it could not be renewed in time) the body's task is cancelled,
  /// and `leaseExpired` thrown once it has ended, whatever it returned. The loss is noticed before the store lets the lease go,
  /// as long as the clocks of both run equally fast; so a body that stops when it is cancelled does nothing after that.
  ///
  /// When the caller is cancelled so is the body; the lease is kept alive until it has ended.
  ///
  /// - Parameters:
  ///   - ttl: How long keys survive this process, rounded up to whole seconds. The store may grant more: see ``Lease/ttl``.
  ///   - body: What runs with the lease, in a task of its own.
  /// - Throws: What the body throws. ``HoldfastError``: `invalidArgument` for a time that is not positive; what the store
  ///   answered when it granted no lease; `leaseExpired`, with what happened in `cause`.
  @discardableResult
  public func withLease<R: Sendable>(
    ttl: Duration, configuration: LeaseConfiguration = LeaseConfiguration(),
    _ body: @escaping @Sendable (Lease) async throws -> R
  ) async throws -> R {
    guard ttl > .zero else {
      throw HoldfastError(.invalidArgument, "the time to live is \(ttl); it must be positive")
    }
    var keeper = LeaseKeeper(backend, ttl: ttl, configuration: configuration, logger: logger)
    while true {
      let lease = try await keeper.grant()
      let guardian = keeper
      let guarded = await withGuardian {
        var keeper = guardian
        return await keeper.keep()
      } _: {
        try await body(lease)
      }
      switch guarded {
      case .ended(let result):
        await keeper.end(lease)
        return try result.get()
      case .lost(let error):
        // It is gone, or will be within its time to live. The store was asked in vain already.
        logger.info("A lease is lost", metadata: ["lease": "\(lease.id)", "error": "\(error)"])
        guard configuration.restartsAfterLoss, !Task.isCancelled else { throw error }
      }
    }
  }
}
