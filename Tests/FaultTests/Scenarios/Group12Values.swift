import Holdfast
import HoldfastCore
import TestSupport
import Testing

/// Group 12: what others write that is no value, and keys at the edges.
extension Faults {
  @Suite(.serialized) struct Group12 {
    /// Bytes that are no ``Thing``, or only look like one of our forms.
    private static func bytes(token: Int) throws -> [(name: String, bytes: [UInt8])] {
      let codec = JSONCodec<Thing>(compressionThreshold: 0)
      let gzip = try codec.encode(Thing(id: "values/gzip", token: token))
      let zeros = try JSONCodec<[Int]>(compressionThreshold: 0, maximumInflatedBytes: 64 << 20).encode(
        Array(repeating: 0, count: 20_000_000))
      return [
        ("empty", []), ("brace", [0x7B]), ("null", Array("null".utf8)), ("array", Array("[]".utf8)),
        ("truncated", Array(#"{"id":"values/t"#.utf8)), ("not-text", [0xFF, 0xFE, 0x00, 0xC3, 0x28]),
        ("gzip-cut", Array(gzip.dropLast(7))), ("gzip-magic", [0x1F, 0x8B]),
        ("gzip-magic-text", [0x1F, 0x8B] + Array("{}".utf8)),
        ("gzip-bomb", zeros), ("large", [UInt8](repeating: 0x20, count: 1 << 20)),
      ]
    }

    @Test(arguments: Matrix.kinds(turn: 5)) func foreignValues(kind: ServerKind) async throws {
      let run = FaultRun(name: "12 foreign values, keys at the edges", kind: kind, mustCheck: [.malformedValues])
      try await run { stage in
        let member = try await stage.witness.servingMember()
        let values = try Self.bytes(token: stage.recorder.token())
        for (name, bytes) in values { try await member.put(key: Witness.thingsPrefix + "values/" + name, bytes: bytes) }
        // Outside of the prefix, right at its edges.
        for key in ["/f/things", "/f/things0", "/f/things.", "/f/thing"] {
          try await member.put(key: key, value: "edge")
        }
        let last = try await stage.witness.put(Thing(id: "values/last", token: stage.recorder.token()))
        for cache in stage.caches {
          try await cache.wait(for: Revision(last), timeout: .seconds(30))
          let quarantined = try cache.list(prefix: "values").quarantined.map(\.key.description).sorted()
          #expect(quarantined == values.map { "values/" + $0.name }.sorted())
          #expect(cache.health.isLive)
          #expect(throws: HoldfastError.self) { try cache.get("values/empty") }
        }
        try await stage.acknowledgements(20)
        // Good values heal.
        for (name, _) in values {
          let thing = Thing(id: "values/" + name, token: stage.recorder.token())
          await stage.recordPut(thing) { $0 }
        }
        #expect(try stage.caches[0].list(prefix: "values").quarantined.isEmpty)
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 0)) func sizesAndKeys(kind: ServerKind) async throws {
      let start = ContinuousClock.now
      var report = CheckReport()
      try await withEtcd(kind.version, arguments: kind.arguments) { etcd in
        try await withStore(.hasty([etcd.clientURL]), logger: .quiet) { store in
          let raw = Keyspace<String>(prefix: "/raw/") { $0 }
          try await store.withCache(of: raw, configuration: .hasty) { cache in
            // Not UTF-8, and 0xFF at the end, where a prefix ends.
            let odd: [[UInt8]] = [[0xFF], [0xFF, 0xFF], [0x80, 0x01], [0x00], [0xC3, 0x28]]
            var last = Revision.zero
            for bytes in odd {
              let request = PutRequest(key: raw.storeKey(for: bytes), value: Array(#""value""#.utf8))
              last = try await store.backend.put(request).header.revision
            }
            try await cache.wait(for: last, timeout: .seconds(30))
            for bytes in odd { report.check(.noLostUpdate, try cache.get(bytes)?.value == "value", "\(bytes)") }
            report.check(.convergence, try cache.count() == odd.count, "\(try cache.list().map(\.key))")
            // Beyond the server's limit: refused, and nothing is left in memory.
            let tooLarge = String(repeating: "x", count: 1_700_000)
            let plain = Keyspace<String>(prefix: "/raw/", codec: JSONCodec(compressionThreshold: .max)) { _ in "big" }
            do {
              try await store.execute(plain.put(tooLarge))
              Issue.record("1.7 MB were accepted")
            } catch let error as HoldfastError {
              report.check(.truthfulOutcomes, error.outcome == .refused && error.code == .requestTooLarge, "\(error)")
            }
            report.check(.noThinAir, try cache.exists("big") == false, "a refused value is shown")
            let fits = String(repeating: "x", count: 1_400_000)
            try await store.execute(plain.put(fits))
            report.check(.readYourWrites, try cache.get("big")?.value == fits, "1.4 MB are not shown")
          }
        }
      }
      FaultTable.shared.add(
        .init(fault: "12 sizes and keys", server: "\(kind)", operations: 20, report: report),
        took: ContinuousClock.now - start)
      for violation in report.violations { Issue.record("\(kind): \(violation)") }
    }
  }
}
