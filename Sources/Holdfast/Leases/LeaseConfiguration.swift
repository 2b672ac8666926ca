/// How a lease is granted, ended, and what happens after its loss.
public struct LeaseConfiguration: Sendable {
  /// How long to try to have the lease granted while the store is away.
  public var grantTimeout: Duration = .seconds(10)
  /// How long to try to revoke the lease at the end. A lease whose revocation fails expires by its time to live.
  public var revokeTimeout: Duration = .seconds(2)
  /// Whether the body is run again, with a new lease, after the lease was lost and the body has ended. The new lease is tried for
  /// until the task is cancelled. Otherwise the loss is thrown.
  public var restartsAfterLoss = false
  package var time = TimeSource.continuous

  public init() {}
}
