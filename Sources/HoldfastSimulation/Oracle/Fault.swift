/// What goes wrong on purpose.
public enum Fault: String, CaseIterable, Sendable {
  case requestLost, replyLost, requestRefused, connectionReset, timeout
  case streamBroken, streamSilent, watchCancelled, slowWatcher, fragment, repeatedEvents, earlyProgress
  case lateReplication, partition, memberDown, staleRead
  case compaction, restore, leaseExpired, cacheRestarted, malformedValue

  public var name: String { rawValue }
}
