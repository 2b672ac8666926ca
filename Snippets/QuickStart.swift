// The example of README.md, to the letter: scripts/readme-example compares them.
import Holdfast
import HoldfastEmbedded

// snippet.show
struct Job: Codable, Sendable { var id: String; var owner: String? }
let jobs = Keyspace<Job>(prefix: "/acme/jobs/") { $0.id }

try await withStore(.embedded) { store in  // or .etcd(endpoints: ["http://127.0.0.1:2379"])
  try await store.withCache(of: jobs) { cache in  // the body runs once everything is loaded
    try await cache.create(Job(id: "42"))  // in etcd, and in memory when it returns
    for job in try cache.list() where job.value.owner == nil {  // from memory: no await
      let mine = try await cache.update(job) { $0.owner = "me" }  // compare-and-set on the revision
      print(mine, try cache.get("42")?.value.owner ?? "nobody")
    }
  }
}
// snippet.hide
