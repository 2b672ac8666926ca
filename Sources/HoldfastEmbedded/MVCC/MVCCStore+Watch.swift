package import HoldfastCore

extension MVCCStore {
  /// The next update of a watch, or nil when there is none for now. It moves the cursor.
  ///
  /// First comes `started`, at once. Then events, in batches of a limited number of revisions that concern the watch. When nothing
  /// is left up to the store's revision, and the store has moved on since the watch last looked, a `progress` says so: it is
  /// in order with the events, hence `isOrdered`. A watch that starts in the future has no progress before its start.
  ///
  /// Throws `compacted` (again and again) when the next revision is gone, and `invalidArgument` for a range without keys.
  package func next(_ cursor: inout WatchCursor) throws -> WatchUpdate? {
    guard let position = cursor.position else {
      try start(&cursor)
      return .started(header)
    }
    if let compactRevision, position < compactRevision { throw compacted(position, compactRevision) }
    guard position <= revision else { return nil }
    let events = events(for: cursor, from: position)
    guard let last = events.last else {
      cursor.position = revision.next
      return cursor.request.progress ? .progress(WatchProgress(revision: revision, isOrdered: true)) : nil
    }
    cursor.position = last.modRevision.next
    return .batch(WatchBatch(header: header, events: events))
  }

  private func start(_ cursor: inout WatchCursor) throws {
    let request = cursor.request
    try check(request.range)
    if request.range.isEmpty { throw failure(.invalidArgument, "no key can be in the range to watch") }
    cursor.position = request.startRevision.flatMap { $0 > .zero ? $0 : nil } ?? revision.next
  }

  private func events(for cursor: WatchCursor, from position: Revision) -> [WatchEvent] {
    var events: [WatchEvent] = []
    var revisions = 0
    for changes in log.revisions(from: position) {
      let wanted = changes.filter(cursor.wants)
      if wanted.isEmpty { continue }
      events += wanted
      revisions += 1
      if revisions == cursor.maximumRevisions { break }
    }
    if cursor.request.previous {
      for index in events.indices { events[index].previous = previous(of: events[index]) }
    }
    return events
  }

  /// What a key held before an event, unless that has been compacted. As in etcd from 3.5 on, a put that creates a key has
  /// nothing before it, even where the same transaction deleted the key first.
  private func previous(of event: WatchEvent) -> KeyValue? {
    if event.kind == .put && event.keyValue.createRevision == event.modRevision { return nil }
    let before = event.modRevision.previous
    if let compactRevision, before < compactRevision { return nil }
    return index[event.key]?.value(at: before)
  }

  /// Whether a watch that found nothing would find something now. It moves the cursor over what it need not look at again.
  package func hasNews(for cursor: inout WatchCursor) -> Bool {
    guard let position = cursor.position, position <= revision else { return cursor.position == nil }
    if cursor.request.progress { return true }
    skipUnwanted(&cursor, before: revision.next)
    return cursor.position == position
  }

  /// Moves a cursor over revisions that do not concern it, up to `revision`. Done before a compaction, it spares a watch that
  /// has missed nothing.
  package func skipUnwanted(_ cursor: inout WatchCursor, before revision: Revision) {
    guard let position = cursor.position, position < revision else { return }
    if let compactRevision, position < compactRevision { return }
    let count = Int(revision.rawValue - position.rawValue)
    let concerned = log.revisions(from: position).prefix(count).contains { $0.contains(where: cursor.wants) }
    if !concerned { cursor.position = revision }
  }
}
