public import HoldfastCore
import HoldfastEtcdProtos

extension EtcdAuth {
  /// The names of the users, in order.
  public func users() async throws -> [String] {
    try await read(.listUsers, Etcdserverpb_AuthUserListRequest()) { (answer: Etcdserverpb_AuthUserListResponse) in
      answer.users.sorted()
    }
  }

  /// The roles of a user, in order.
  public func roles(ofUser user: String) async throws -> [String] {
    var request = Etcdserverpb_AuthUserGetRequest()
    request.name = user
    return try await read(.getUser, request) { (answer: Etcdserverpb_AuthUserGetResponse) in answer.roles.sorted() }
  }

  /// Adds a user.
  ///
  /// - Parameter password: Nil for one who can authenticate by a client certificate only, whose common name is the user's.
  @discardableResult
  public func addUser(_ user: String, password: String?) async throws -> ResponseHeader {
    var request = Etcdserverpb_AuthUserAddRequest()
    request.name = user
    if let password { request.password = password } else { request.options.noPassword = true }
    return try await change(.addUser, request) { (answer: Etcdserverpb_AuthUserAddResponse) in answer.header }
  }

  @discardableResult
  public func deleteUser(_ user: String) async throws -> ResponseHeader {
    var request = Etcdserverpb_AuthUserDeleteRequest()
    request.name = user
    return try await change(.deleteUser, request) { (answer: Etcdserverpb_AuthUserDeleteResponse) in answer.header }
  }

  /// Gives a user another password. The user's tokens end with it.
  @discardableResult
  public func changePassword(ofUser user: String, to password: String) async throws -> ResponseHeader {
    var request = Etcdserverpb_AuthUserChangePasswordRequest()
    request.name = user
    request.password = password
    return try await change(.changePassword, request) { (answer: Etcdserverpb_AuthUserChangePasswordResponse) in
      answer.header
    }
  }

  @discardableResult
  public func grantRole(_ role: String, toUser user: String) async throws -> ResponseHeader {
    var request = Etcdserverpb_AuthUserGrantRoleRequest()
    request.user = user
    request.role = role
    return try await change(.grantRole, request) { (answer: Etcdserverpb_AuthUserGrantRoleResponse) in answer.header }
  }

  @discardableResult
  public func revokeRole(_ role: String, fromUser user: String) async throws -> ResponseHeader {
    var request = Etcdserverpb_AuthUserRevokeRoleRequest()
    request.name = user
    request.role = role
    return try await change(.revokeRole, request) { (answer: Etcdserverpb_AuthUserRevokeRoleResponse) in answer.header }
  }
}
