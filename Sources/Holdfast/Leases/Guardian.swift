/// How a body ended that was under guard.
enum Guarded<R: Sendable>: Sendable {
  case ended(Result<R, any Error>)
  /// What it was guarded by is lost; it was cancelled, and has ended.
  case lost(HoldfastError)
}

private enum GuardEvent<R: Sendable>: Sendable {
  case ended(Result<R, any Error>)
  case relieved(HoldfastError?)
}

/// Runs the body in a task of its own and the guardian beside it. When the guardian returns a loss the body's task is cancelled
/// and awaited. When the body ends the guardian is cancelled and awaited.
///
/// The guardian is no child of the caller: when the caller is cancelled what the body needs for its last steps is still guarded,
/// and requests of a cancelled task are not sent.
func withGuardian<R: Sendable>(
  _ guardian: @escaping @Sendable () async -> HoldfastError?, _ body: @escaping @Sendable () async throws -> R
) async -> Guarded<R> {
  let watch = Task { await guardian() }
  return await withTaskGroup(of: GuardEvent<R>.self) { group in
    group.addTask {
      do { return .ended(.success(try await body())) } catch { return .ended(.failure(error)) }
    }
    group.addTask { .relieved(await watch.value) }
    var loss: HoldfastError?
    while let event = await group.next() {
      switch event {
      case .ended(let ended):
        watch.cancel()
        if let loss { return .lost(loss) }
        // What is found out from now on concerns nobody.
        group.cancelAll()
        await group.waitForAll()
        return .ended(ended)
      case .relieved(let error):
        loss = error
        if loss != nil { group.cancelAll() }
      }
    }
    return .ended(.failure(HoldfastError(.internal, "the body came to no end")))
  }
}

extension Backend {
  /// Revokes a lease, trying for so long, also when the caller was cancelled. Says what went wrong, if something did.
  func end(_ lease: LeaseID, within limit: Duration, _ time: TimeSource) async -> HoldfastError? {
    await Task {
      do {
        let header = try await withTimeout(limit, time) { try await self.revokeLease(lease) }
        return header == nil ? HoldfastError(.timeout, "the lease was not revoked within \(limit)") : nil
      } catch {
        let error = HoldfastError(wrapping: error)
        return error.code == .leaseNotFound ? nil : error
      }
    }.value
  }
}
