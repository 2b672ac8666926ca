import Holdfast
import Synchronization

/// An independent witness: watches everything below the queue's prefix from the first revision on, with a connection of its
/// own, and judges by that log alone.
final class Auditor: Sendable {
  private struct Log {
    var created: Set<String> = []
    var owners: [String: String] = [:]
    var audits: [String: Int] = [:]
    var waiting = 0
    var takeovers = 0
    var sawEnd = false
  }

  private let queue: WorkQueue
  private let log = Mutex(Log())

  init(_ queue: WorkQueue) { self.queue = queue }

  private var endKey: Key { queue.root.appending("end") }

  /// Reads the log until the end mark is in it.
  func run(_ store: Store, from revision: Revision) async throws {
    for try await update in store.backend.watch(WatchRequest(.prefix(queue.root), from: revision)) {
      guard case .batch(let batch) = update else { continue }
      for event in batch.events { try record(event) }
      if log.withLock({ $0.sawEnd }) { return }
    }
  }

  /// Writes the mark after which nothing of interest comes.
  func writeEnd(_ store: Store) async throws {
    _ = try await store.backend.put(PutRequest(key: endKey, value: []))
  }

  private func record(_ event: WatchEvent) throws {
    if event.key == endKey {
      log.withLock { $0.sawEnd = true }
    } else if queue.jobs.range.contains(event.key) {
      let id = "\(event.key.dropping(prefix: queue.jobs.prefix) ?? event.key)"
      let owner = event.kind == .put ? try queue.jobs.decode(event.keyValue).value.owner : nil
      log.withLock { log in
        if event.kind == .put { log.created.insert(id) }
        if let before = log.owners[id], let owner, before != owner { log.takeovers += 1 }
        log.owners[id] = owner
        if event.kind == .delete { log.waiting -= 1 } else if event.keyValue.version == 1 { log.waiting += 1 }
      }
    } else if queue.audit.range.contains(event.key), event.kind == .put {
      let id = try queue.audit.decode(event.keyValue).value.job
      log.withLock { $0.audits[id, default: 0] += 1 }
    }
  }

  struct Verdict: Sendable {
    var created: Int
    var done: Int
    var lost: Int
    var doneTwice: Int
    var takeovers: Int
  }

  var progress: (created: Int, done: Int, waiting: Int) {
    log.withLock { ($0.created.count, $0.audits.count, $0.waiting) }
  }

  /// What the log says. A job is lost when it was created, or its creation acknowledged, and there is no record of it.
  func verdict(acknowledged: Set<String>) -> Verdict {
    log.withLock { log in
      Verdict(
        created: log.created.count, done: log.audits.count,
        lost: log.created.union(acknowledged).filter { log.audits[$0] == nil }.count,
        doneTwice: log.audits.values.filter { $0 > 1 }.count, takeovers: log.takeovers)
    }
  }
}
