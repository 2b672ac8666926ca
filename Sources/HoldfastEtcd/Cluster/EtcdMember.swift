import HoldfastEtcdProtos

/// A member of an etcd cluster.
public struct EtcdMember: Hashable, Sendable, Identifiable {
  public var id: UInt64
  /// Empty as long as the member has not started for the first time.
  public var name: String
  /// Where the other members reach it.
  public var peerURLs: [String]
  /// Where clients reach it; empty as long as the member has not started for the first time.
  public var clientURLs: [String]
  /// Whether it only learns: it has no vote, and answers nothing but serializable reads.
  public var isLearner: Bool

  public init(
    id: UInt64, name: String = "", peerURLs: [String], clientURLs: [String] = [], isLearner: Bool = false
  ) {
    self.id = id
    self.name = name
    self.peerURLs = peerURLs
    self.clientURLs = clientURLs
    self.isLearner = isLearner
  }
}

extension EtcdMember: CustomStringConvertible {
  /// The name, and the id in hexadecimal, as etcd's tools write it.
  public var description: String { (name.isEmpty ? "" : "\(name) ") + String(id, radix: 16) }
}

extension EtcdMember {
  init(_ member: Etcdserverpb_Member) {
    self.init(
      id: member.id, name: member.name, peerURLs: member.peerUrls, clientURLs: member.clientUrls,
      isLearner: member.isLearner)
  }
}
