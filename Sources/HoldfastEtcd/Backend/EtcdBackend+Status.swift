public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

extension EtcdBackend {
  /// The state of the member that serves calls. ``Maintenance/status(of:)`` asks a certain one, and tells more.
  public func status() async throws(HoldfastError) -> BackendStatus {
    try await caller.call(
      .status, Etcdserverpb_StatusRequest(), .read, timeout: configuration.requestTimeout, isLocal: true
    ) {
      (answer: Etcdserverpb_StatusResponse) in
      BackendStatus(
        header: try ResponseHeader(answer.hasHeader ? answer.header : nil), version: answer.version,
        databaseSize: answer.dbSize, databaseSizeInUse: answer.dbSizeInUse, leader: answer.leader,
        isLearner: answer.isLearner, errors: answer.errors)
    }
  }
}

extension Backend {
  /// The etcd cluster behind a store: `try store.backend.etcd.cluster.members()`.
  ///
  /// - Throws: ``HoldfastError`` with `unimplemented` when the store is something else, or wrapped by something else.
  public var etcd: EtcdBackend {
    get throws(HoldfastError) {
      guard let etcd = self as? EtcdBackend else {
        throw HoldfastError(.unimplemented, "this needs an etcd cluster, and the store is \(type(of: self))")
      }
      return etcd
    }
  }
}
