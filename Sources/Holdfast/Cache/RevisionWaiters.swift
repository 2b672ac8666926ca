import HoldfastCore

/// Tasks that wait until a revision has been reached.
final class RevisionWaiters: Sendable {
  private struct Content {
    var reached: Revision?
    var isOpen = false
    var awaited: [Int: Revision] = [:]
  }

  private let list: WaitList<Content, Bool>

  init(_ time: TimeSource) {
    list = WaitList(Content(), time) { $0.awaited[$1] = nil }
  }

  /// Begins to follow: waiting makes sense from now on.
  func open() { list.withContent { $0.isOpen = true } }

  /// Wakes those who waited for this revision or an earlier one. It may be lower than before, after a restore.
  func reached(_ revision: Revision) {
    list.wake(with: .success(true)) { content in
      content.reached = revision
      let woken = content.awaited.filter { $0.value <= revision }.keys
      for id in woken { content.awaited[id] = nil }
      return woken
    }
  }

  /// What was reached does not count any more: who asks waits for what is reached next.
  func forget() { list.withContent { $0.reached = nil } }

  /// Wakes everybody: nothing is followed any more.
  func close() { list.wakeAll(with: .success(false)) { $0 = Content() } }

  /// Returns true when the revision has been reached, false when nothing is followed (any more), nil when the time is over.
  ///
  /// - Throws: `CancellationError`.
  func wait(for revision: Revision, until deadline: Duration? = nil) async throws -> Bool? {
    try await list.wait(until: deadline) { content, id in
      if !content.isOpen { return .success(false) }
      if let reached = content.reached, reached >= revision { return .success(true) }
      content.awaited[id] = revision
      return nil
    }
  }
}
