import HoldfastCore
import HoldfastEtcdMachines
import Logging
import NIOSSL
import Synchronization

/// What new TLS connections are made with, as it is on disk now.
package final class TLSCredentials: Sendable {
  let tls: EtcdTLS
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    /// What was usable last, and what it was made of.
    var good: (material: TLSMaterial, context: NIOSSLContext)?
    /// What was complained of last, so that it is said once.
    var complaint: TLSFailure?
  }

  init(_ tls: EtcdTLS, logger: Logger) {
    self.tls = tls
    self.logger = logger
  }

  /// The system's authorities, and no client certificate.
  package convenience init() {
    self.init(EtcdTLS(), logger: Logger(label: "holdfast.etcd") { _ in SwiftLogNoOpLogHandler() })
  }

  /// The context for one more connection. As long as what is on disk makes no sense (one of two files has been replaced, say) it is
  /// the last one that did.
  func context() throws(TLSFailure) -> NIOSSLContext {
    let held = state.withLock { $0.good }
    do throws(TLSFailure) {
      let material = try TLSMaterial(tls)
      if let held, held.material == material { return held.context }
      let context = try material.context(tls)
      let isNews = state.withLock { state in
        state.complaint = nil
        defer { state.good = (material, context) }
        return state.good != nil
      }
      if isNews { logger.notice("etcd TLS certificates have changed; new connections use them") }
      return context
    } catch {
      guard let held else { throw error }
      let failure = error
      let isNews = state.withLock { state in
        defer { state.complaint = failure }
        return state.complaint != failure
      }
      if isNews {
        logger.warning(
          "etcd TLS certificates cannot be read; the ones of before stay in use",
          metadata: ["error": "\(error.message)"])
      }
      return held.context
    }
  }
}
