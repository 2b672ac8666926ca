// Follow a part of a cache's keyspace.
import Holdfast
import HoldfastEmbedded

// snippet.hide
struct Job: Codable, Sendable { var id: String; var owner: String? }
let jobs = Keyspace<Job>(prefix: "/acme/jobs/") { $0.id }

try await withStore(.embedded) { store in
  try await store.withCache(of: jobs) { cache in
    try await cache.create(Job(id: "mail/42"))
    // snippet.show
    for try await update in cache.changes(prefix: "mail/") {  // what is there, then every change, in order
      for change in update.changes {  // all of a transaction in one update
        print(change.kind, change.key, change.previous?.value as Any, "→", change.stored?.value as Any)
      }
      print("resume with cache.changes(prefix: \"mail/\", after: \(update.revision))")
      // snippet.hide
      break
      // snippet.show
    }
    // snippet.hide
  }
}
