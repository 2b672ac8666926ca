import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// How servers put events into messages.
extension Simulation {
  /// Sends whole revisions, with the store's revision of now as their header; says from where on the watch is sent all of it
  /// again, if it is.
  func send(_ events: [WatchEvent], to index: Int) -> Revision? {
    guard let watcher = streams[index].watcher, let first = events.first else { return nil }
    var message = WatchMessage(header: header(streams[index].member), watchID: watcher.id)
    message.events = events.map { WatchMessage.Event($0.kind == .put ? .put : .delete, $0.keyValue) }
    if events.count > 1, choices.chance(20) {
      inject(.fragment)
      streams[index].messages += fragments(of: message)
      return nil
    }
    streams[index].messages.append(message)
    guard cluster.profile.repeatsEvents, choices.chance(10) else { return nil }
    inject(.repeatedEvents)
    if choices.chance(50) { return choices.pick(events.map(\.modRevision)) ?? first.modRevision }
    streams[index].messages.append(message)
    return nil
  }

  /// Cuts a message into two to four, between any two events.
  private func fragments(of message: WatchMessage) -> [WatchMessage] {
    var rest = message.events[...]
    var parts: [WatchMessage] = []
    for left in (1...(1 + choices.pick(min(3, rest.count - 1)))).reversed() {
      var part = message
      part.fragment = true
      part.events = Array(rest.prefix(1 + choices.pick(rest.count - left)))
      rest = rest.dropFirst(part.events.count)
      parts.append(part)
    }
    var last = message
    last.events = Array(rest)
    return parts + [last]
  }

  /// What is left of a batch on a server that loses events: a delete at the revision of a compaction goes (issue 18089), or,
  /// under load, events of any kind (17529).
  func keeping(_ events: [WatchEvent], _ store: MVCCStore) -> [WatchEvent] {
    guard losesEvents else { return events }
    let kept = events.filter { $0.kind == .put || $0.modRevision != store.compactRevision }
    if kept.count < events.count { inject(.deleteLost) }
    guard !kept.isEmpty, choices.chance(10) else { return kept }
    inject(.eventsLost)
    return Array(kept.dropFirst(1 + choices.pick(kept.count)))
  }
}
