/// etcd's methods: the whole of what other clients generate service stubs for.
enum EtcdMethod: String, Sendable {
  case range = "/etcdserverpb.KV/Range"
  case put = "/etcdserverpb.KV/Put"
  case deleteRange = "/etcdserverpb.KV/DeleteRange"
  case transact = "/etcdserverpb.KV/Txn"
  case compact = "/etcdserverpb.KV/Compact"
  case watch = "/etcdserverpb.Watch/Watch"
  case grantLease = "/etcdserverpb.Lease/LeaseGrant"
  case revokeLease = "/etcdserverpb.Lease/LeaseRevoke"
  case keepLeaseAlive = "/etcdserverpb.Lease/LeaseKeepAlive"
  case timeToLive = "/etcdserverpb.Lease/LeaseTimeToLive"
  case leases = "/etcdserverpb.Lease/LeaseLeases"
  case members = "/etcdserverpb.Cluster/MemberList"
  case status = "/etcdserverpb.Maintenance/Status"
  case authenticate = "/etcdserverpb.Auth/Authenticate"
  case enableAuth = "/etcdserverpb.Auth/AuthEnable"
  case disableAuth = "/etcdserverpb.Auth/AuthDisable"
  case authStatus = "/etcdserverpb.Auth/AuthStatus"
  case addUser = "/etcdserverpb.Auth/UserAdd"
  case getUser = "/etcdserverpb.Auth/UserGet"
  case listUsers = "/etcdserverpb.Auth/UserList"
  case deleteUser = "/etcdserverpb.Auth/UserDelete"
  case changePassword = "/etcdserverpb.Auth/UserChangePassword"
  case grantRole = "/etcdserverpb.Auth/UserGrantRole"
  case revokeRole = "/etcdserverpb.Auth/UserRevokeRole"
  case addRole = "/etcdserverpb.Auth/RoleAdd"
  case getRole = "/etcdserverpb.Auth/RoleGet"
  case listRoles = "/etcdserverpb.Auth/RoleList"
  case deleteRole = "/etcdserverpb.Auth/RoleDelete"
  case grantPermission = "/etcdserverpb.Auth/RoleGrantPermission"
  case revokePermission = "/etcdserverpb.Auth/RoleRevokePermission"

  /// Whether the call is a bidirectional stream.
  var isStream: Bool { self == .watch || self == .keepLeaseAlive }

  /// A partitioned member cancels streams that require a leader; calls fail there by themselves.
  var metadata: [(name: String, value: String)] { isStream ? [("hasleader", "true")] : [] }
}
