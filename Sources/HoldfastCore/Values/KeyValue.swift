/// A key with its value, as the store holds it at one revision.
public struct KeyValue: Hashable, Sendable {
  public var key: Key
  public var value: [UInt8]
  /// The revision at which the key was created; a deleted key that is written again is created anew.
  public var createRevision: Revision
  /// The revision of the last change: the one thing that orders changes of a key.
  public var modRevision: Revision
  /// How often the key was written since it was created: 1 after its creation. It restarts after a delete, so it is no
  /// guard against lost updates; `modRevision` is.
  public var version: Int64
  /// The lease that the key is attached to, if any.
  public var lease: LeaseID?

  public init(
    key: Key, value: [UInt8], createRevision: Revision, modRevision: Revision, version: Int64, lease: LeaseID? = nil
  ) {
    self.key = key
    self.value = value
    self.createRevision = createRevision
    self.modRevision = modRevision
    self.version = version
    self.lease = lease
  }
}
