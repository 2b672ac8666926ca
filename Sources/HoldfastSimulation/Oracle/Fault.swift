/// What goes wrong on purpose.
public enum Fault: String, CaseIterable, Sendable {
  case requestLost, replyLost, requestRefused, connectionReset, timeout
  case streamBroken, streamSilent, watchCancelled, watchRefused, slowWatcher, fragment, repeatedEvents
  /// Requested progress that overtakes the events it covers; that does not come as the watch lags, or never had an event;
  /// progress of a watch that is to begin later.
  case earlyProgress, withheldProgress, silentProgress, progressBelowStart
  /// Answers that do not tell which member serves a stream: none, a late one, that of another member.
  case statusLost, statusLate, statusOfAnother
  case lateReplication, partition, memberDown, staleRead
  case compaction, restore, leaseExpired, leaseRace, cacheRestarted, malformedValue
  /// Events that a server loses (17529), or a delete at the revision of a compaction (18089).
  case eventsLost, deleteLost
  /// An event that a watch is not sent, in runs that look for it; a watch that is sent nothing more, and stands; reads that a
  /// client may not make for a while.
  case eventSkipped, watchStalled, readsForbidden

  public var name: String { rawValue }
}
