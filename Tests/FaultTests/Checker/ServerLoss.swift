/// A revision that a server gave to one change and, after a crash, to another one: it lost what it had acknowledged.
///
/// etcd 3.5.0 to 3.5.2 do that when they are killed under load (etcd issue 13766). Everything that was rightly read before is
/// then wrong by the history of after, from that revision on: what is wrong about earlier ones it does not explain. It counts as the
/// server's doing only when clients of two stores, over connections of their own, were told the same of the revision.
struct ServerLoss: Hashable, CustomStringConvertible {
  var key: String
  var token: Int
  var revision: Int64

  var description: String { "the server lost revision \(revision), a put of \(key)" }

  init?(history: History, oracle: Oracle) {
    var tellers: [Told: Set<Int>] = [:]
    func tell(_ key: String, _ token: Int, _ revision: Int64, _ store: Int) {
      guard revision <= oracle.last, oracle.change(of: key, at: revision)?.revision != revision else { return }
      tellers[Told(key: key, token: token, revision: revision), default: []].insert(store)
    }
    for read in history.reads {
      for (key, seen) in read.seen {
        if let token = seen.token { tell(key, token, seen.modRevision, history.storeOfCache[read.cache]) }
      }
    }
    for write in history.writes {
      guard case .applied(let revision, _) = write.outcome else { continue }
      for operation in write.operations {
        switch operation {
        case .put(let key, let token), .create(let key, let token), .update(let key, let token, _):
          tell(key, token, revision, write.store)
        case .delete, .deleteIf, .deletePrefix: break
        }
      }
    }
    guard let told = tellers.filter({ $0.value.count > 1 }).keys.min(by: { $0.revision < $1.revision }) else {
      return nil
    }
    (key, token, revision) = (told.key, told.token, told.revision)
  }

  /// Whether it is about what the server lost, or what it made of the revisions from there on. Of an outcome that was not told, or
  /// of caches that do not show what the store holds in the end, it is no excuse.
  func explains(_ violation: CheckReport.Violation) -> Bool { (violation.revision ?? 0) >= revision }

  private struct Told: Hashable {
    var key: String
    var token: Int
    var revision: Int64
  }
}
