import HoldfastEtcdProtos

/// An alarm that a member has raised. It stays until it is disarmed, also when its cause is gone.
public struct EtcdAlarm: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The database has reached its quota: the whole cluster refuses puts (`resourceExhausted`).
    case noSpace
    /// The member's data is not what it should be.
    case corrupt
    /// One that this version of Holdfast does not know, by etcd's number.
    case other(Int)
  }

  /// The member that raised it.
  public var memberID: UInt64
  public var kind: Kind

  public init(memberID: UInt64, kind: Kind) {
    self.memberID = memberID
    self.kind = kind
  }
}

extension EtcdAlarm {
  init(_ alarm: Etcdserverpb_AlarmMember) {
    let kind: Kind =
      switch alarm.alarm {
      case .nospace: .noSpace
      case .corrupt: .corrupt
      case .none: .other(0)
      case .UNRECOGNIZED(let number): .other(number)
      }
    self.init(memberID: alarm.memberID, kind: kind)
  }

  var wireKind: Etcdserverpb_AlarmType {
    switch kind {
    case .noSpace: .nospace
    case .corrupt: .corrupt
    case .other(let number): Etcdserverpb_AlarmType(rawValue: number) ?? .none
    }
  }
}
