/// Which store to use: `.etcd(endpoints:)` with HoldfastEtcd, `.embedded` with HoldfastEmbedded, or `.backend(_:)`.
public struct BackendConfiguration: Sendable {
  /// Makes the backend; called once, when the store starts.
  package let make: @Sendable () throws -> any Backend
  /// Whether the store runs the backend, or somebody else does.
  package let isOwned: Bool

  private init(isOwned: Bool, make: @escaping @Sendable () throws -> any Backend) {
    self.isOwned = isOwned
    self.make = make
  }

  /// A backend that is made for one store, run by it and ended with it.
  public static func making(_ make: @escaping @Sendable () throws -> any Backend) -> BackendConfiguration {
    BackendConfiguration(isOwned: true, make: make)
  }

  /// A backend that exists already, shared with others and run by its owner.
  public static func backend(_ backend: any Backend) -> BackendConfiguration {
    BackendConfiguration(isOwned: false) { backend }
  }

  /// The same store behind another backend, one that counts, traces or delays requests, say.
  public func wrapped(_ wrap: @escaping @Sendable (any Backend) -> any Backend) -> BackendConfiguration {
    BackendConfiguration(isOwned: isOwned) { [make] in wrap(try make()) }
  }
}
