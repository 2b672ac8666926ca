import Logging

extension Cache {
  /// Compares memory with the store on a timer, where that is asked for or the server is known to need it.
  func verifyNowAndThen() async {
    let time = configuration.time
    while !Task.isCancelled, let interval = await verificationInterval() {
      let wait = interval * (1 - Double.random(in: 0..<0.1))
      guard (try? await time.sleep(time.now() + wait)) != nil else { return }
      do {
        _ = try await verify()
      } catch {
        if !Task.isCancelled { logger.info("The cache could not be verified", metadata: ["error": "\(error)"]) }
      }
    }
  }

  /// Nil when it is not to be verified.
  private func verificationInterval() async -> Duration? {
    let automatic = Duration.seconds(600)
    switch configuration.verification.kind {
    case .never: return nil
    case .every(let interval): return max(interval, .milliseconds(100))
    case .automatic:
      let time = configuration.time
      while !Task.isCancelled {
        if let status = try? await store.backend.status() {
          return ServerVersion(status.version)?.losesEvents == true ? automatic : nil
        }
        // It may be asked again when it is back.
        guard (try? await time.sleep(time.now() + configuration.staleAfter)) != nil else { return nil }
      }
      return nil
    }
  }
}
