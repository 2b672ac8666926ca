public import HoldfastCore
import HoldfastEtcdProtos

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension EtcdAuth {
  /// The names of the roles, in order.
  public func roles() async throws -> [String] {
    try await read(.listRoles, Etcdserverpb_AuthRoleListRequest()) { (answer: Etcdserverpb_AuthRoleListResponse) in
      answer.roles.sorted()
    }
  }

  /// What a role may do.
  public func permissions(ofRole role: String) async throws -> [EtcdPermission] {
    var request = Etcdserverpb_AuthRoleGetRequest()
    request.role = role
    return try await read(.getRole, request) { (answer: Etcdserverpb_AuthRoleGetResponse) in
      answer.perm.map { permission in
        let access: EtcdPermission.Access =
          switch permission.permType {
          case .read, .UNRECOGNIZED: .read
          case .write: .write
          case .readwrite: .readWrite
          }
        return EtcdPermission(access, WireRange(key: permission.key, end: permission.rangeEnd).range)
      }
    }
  }

  @discardableResult
  public func addRole(_ role: String) async throws -> ResponseHeader {
    var request = Etcdserverpb_AuthRoleAddRequest()
    request.name = role
    return try await change(.addRole, request) { (answer: Etcdserverpb_AuthRoleAddResponse) in answer.header }
  }

  /// Deletes a role, and takes it from every user.
  @discardableResult
  public func deleteRole(_ role: String) async throws -> ResponseHeader {
    var request = Etcdserverpb_AuthRoleDeleteRequest()
    request.role = role
    return try await change(.deleteRole, request) { (answer: Etcdserverpb_AuthRoleDeleteResponse) in answer.header }
  }

  /// Lets a role do something; on the same range it replaces what the role could do before. A keyspace needs its whole prefix:
  /// etcd refuses a range of which a part is not granted.
  @discardableResult
  public func grant(_ permission: EtcdPermission, toRole role: String) async throws -> ResponseHeader {
    let range = WireRange(permission.range)
    var request = Etcdserverpb_AuthRoleGrantPermissionRequest()
    request.name = role
    request.perm.permType =
      switch permission.access {
      case .read: .read
      case .write: .write
      case .readWrite: .readwrite
      }
    request.perm.key = Data(range.key)
    request.perm.rangeEnd = Data(range.end)
    return try await change(.grantPermission, request) { (answer: Etcdserverpb_AuthRoleGrantPermissionResponse) in
      answer.header
    }
  }

  /// Takes a permission from a role: that of exactly this range, as it was granted.
  @discardableResult
  public func revokePermission(on range: KeyRange, fromRole role: String) async throws -> ResponseHeader {
    let range = WireRange(range)
    var request = Etcdserverpb_AuthRoleRevokePermissionRequest()
    request.role = role
    request.key = Data(range.key)
    request.rangeEnd = Data(range.end)
    return try await change(.revokePermission, request) { (answer: Etcdserverpb_AuthRoleRevokePermissionResponse) in
      answer.header
    }
  }
}

extension WireRange {
  init(key: some Sequence<UInt8>, end: some Sequence<UInt8>) {
    self.key = Array(key)
    self.end = Array(end)
  }

  /// What it means; the opposite of `init(_:)`.
  var range: KeyRange {
    if end.isEmpty { return .key(Key(bytes: key)) }
    let start = Key(bytes: key == [0] && end == [0] ? [] : key)
    return KeyRange(start: start, end: end == [0] ? nil : Key(bytes: end))
  }
}
