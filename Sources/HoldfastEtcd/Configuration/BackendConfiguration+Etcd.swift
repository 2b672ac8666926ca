public import HoldfastCore

extension BackendConfiguration {
  /// An etcd cluster, given by its members' client URLs (`http://host:2379`).
  ///
  /// Nothing is connected before the first call. An endpoint that cannot be understood, and an empty list, make the store
  /// refuse to start with `invalidArgument`.
  public static func etcd(
    endpoints: [String], _ configure: (inout EtcdConfiguration) -> Void = { _ in }
  ) -> BackendConfiguration {
    var configuration = EtcdConfiguration(endpoints: endpoints)
    configure(&configuration)
    let configured = configuration
    return .making { try EtcdBackend(configured) }
  }
}
