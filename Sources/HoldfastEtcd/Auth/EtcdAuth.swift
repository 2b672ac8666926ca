public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import SwiftProtobuf

extension EtcdBackend {
  /// The cluster's users, roles and permissions, and the switch that makes them count.
  public var auth: EtcdAuth { EtcdAuth(caller: caller, timeout: configuration.requestTimeout) }
}

/// Authentication and access control of an etcd cluster, as its administrator (a user with the role `root`) manages them.
///
/// Every method throws ``HoldfastError``: `permissionDenied` when the user may not do it, `unauthenticated` when nobody or the
/// wrong one asks, `invalidArgument` when it contradicts the state (the user exists already, there is no such role). Those that
/// change something carry an ``HoldfastError/outcome``; they are not repeated after it is `unknown`.
///
/// etcd checks permissions when a call or a watch begins: a revoked role ends no watch that stands.
public struct EtcdAuth: Sendable {
  let caller: EtcdCaller
  let timeout: Duration

  /// Switches authentication on. There must be a user `root` with the role `root`.
  @discardableResult
  public func enable() async throws -> ResponseHeader {
    try await change(.enableAuth, Etcdserverpb_AuthEnableRequest()) { (answer: Etcdserverpb_AuthEnableResponse) in
      answer.header
    }
  }

  /// Switches authentication off: everybody may do everything.
  @discardableResult
  public func disable() async throws -> ResponseHeader {
    try await change(.disableAuth, Etcdserverpb_AuthDisableRequest()) { (answer: Etcdserverpb_AuthDisableResponse) in
      answer.header
    }
  }

  /// Whether authentication is switched on. `unimplemented` before etcd 3.5.
  public func status() async throws -> EtcdAuthStatus {
    try await read(.authStatus, Etcdserverpb_AuthStatusRequest()) { (answer: Etcdserverpb_AuthStatusResponse) in
      EtcdAuthStatus(isEnabled: answer.enabled, revision: answer.authRevision)
    }
  }

  func read<Request: Message, Answer: Message & Sendable, Value: Sendable>(
    _ method: EtcdMethod, _ request: Request, _ map: @escaping @Sendable (Answer) throws -> Value
  ) async throws -> Value {
    try await caller.call(method, request, .read, timeout: timeout, map)
  }

  /// What is changed here moves no revision of the store in every version, so the header may be of any revision.
  func change<Request: Message, Answer: Message & Sendable>(
    _ method: EtcdMethod, _ request: Request, _ header: @escaping @Sendable (Answer) -> Wire.Header
  ) async throws -> ResponseHeader {
    try await caller.call(method, request, .write, timeout: timeout) { (answer: Answer) in
      try ResponseHeader(header(answer))
    }
  }
}

/// Whether authentication is switched on.
public struct EtcdAuthStatus: Hashable, Sendable {
  public var isEnabled: Bool
  /// Counts the changes of users, roles and permissions.
  public var revision: UInt64
}

/// What a role may do with a range of keys.
public struct EtcdPermission: Hashable, Sendable {
  public enum Access: String, Hashable, Sendable, CaseIterable {
    case read
    case write
    case readWrite
  }

  public var access: Access
  public var range: KeyRange

  public init(_ access: Access, _ range: KeyRange) {
    self.access = access
    self.range = range
  }
}
