/// A state of the store, to be handed to another process, which then waits until it sees it:
/// `cache.snapshot(.atLeast(token))`. It goes through JSON, or as text (`"cluster:revision"`, both hexadecimal).
///
/// A store that is restored from a backup keeps its cluster id, and a revision of before means nothing in what comes after. Unless
/// the revision is beyond the restored store's, which is an error, that cannot be told from the token: discard tokens when you
/// restore.
public struct RevisionToken: Hashable, Codable, Sendable, LosslessStringConvertible {
  /// The cluster that the revision is of; nil when that is not known, and then not checked.
  public let clusterID: UInt64?
  public let revision: Revision

  public init(clusterID: UInt64? = nil, revision: Revision) {
    self.clusterID = clusterID
    self.revision = revision
  }

  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let revision = Int64(parts[1], radix: 16), revision >= 0 else { return nil }
    if parts[0].isEmpty {
      self.init(revision: Revision(revision))
    } else {
      guard let cluster = UInt64(parts[0], radix: 16) else { return nil }
      self.init(clusterID: cluster, revision: Revision(revision))
    }
  }

  public var description: String {
    "\(clusterID.map { String($0, radix: 16) } ?? ""):\(String(revision.rawValue, radix: 16))"
  }
}

extension Committed {
  /// The store's state with this result in it, for other processes.
  public var token: RevisionToken { RevisionToken(clusterID: header.clusterID, revision: header.revision) }
}
