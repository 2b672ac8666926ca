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
  case addMember = "/etcdserverpb.Cluster/MemberAdd"
  case updateMember = "/etcdserverpb.Cluster/MemberUpdate"
  case promoteMember = "/etcdserverpb.Cluster/MemberPromote"
  case removeMember = "/etcdserverpb.Cluster/MemberRemove"
  case status = "/etcdserverpb.Maintenance/Status"
  case alarm = "/etcdserverpb.Maintenance/Alarm"
  case defragment = "/etcdserverpb.Maintenance/Defragment"
  case hash = "/etcdserverpb.Maintenance/Hash"
  case hashKV = "/etcdserverpb.Maintenance/HashKV"
  case moveLeader = "/etcdserverpb.Maintenance/MoveLeader"
  case snapshot = "/etcdserverpb.Maintenance/Snapshot"
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

  /// Whether one question and its answer go through a bidirectional stream.
  var isStream: Bool { self == .watch || self == .keepLeaseAlive }

  /// Whether a call carries a token. Status is answered without one, by learners too, which authenticate nobody.
  var needsToken: Bool { self != .status }

  /// Whether a follower passes the call on to the leader itself.
  var isForwarded: Bool { self == .promoteMember }

  /// Makes a member without a leader refuse at once, before it does anything, instead of letting the call wait for one; and
  /// cancel the streams that it serves.
  static let requireLeader = [(name: "hasleader", value: "true")]
}
