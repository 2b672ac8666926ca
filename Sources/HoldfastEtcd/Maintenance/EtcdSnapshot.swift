/// A snapshot that is complete and checked, in a file.
public struct EtcdSnapshot: Hashable, Sendable {
  /// Where it is.
  public var path: String
  /// Bytes of the file: the database and the 32 bytes of its checksum.
  public var size: Int64
  /// The SHA-256 of the database, which the server sent and which was verified.
  public var checksum: [UInt8]
  /// The version of the server's storage, from etcd 3.6 on.
  public var version: String?
}

/// How far a snapshot has come.
public struct EtcdSnapshotProgress: Hashable, Sendable {
  /// Bytes that have arrived.
  public var received: Int64
  /// Bytes that the server announced.
  public var total: Int64

  /// 0 … 1.
  public var fraction: Double { total > 0 ? min(1, Double(received) / Double(total)) : 0 }
}
