import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// A prefix on which nothing happens while the store moves on: whether its cache needs a list after a compaction depends on
/// the progress that the member is trusted with.
@Suite struct IdlePrefixTests {
  private static let timed = ["--experimental-watch-progress-notify-interval", "100ms"]

  /// What a cache of an idle prefix resumed at when its stream broke.
  private struct Outcome {
    /// The prefix's own last revision, and the store's.
    var last: Revision
    var store: Revision
    var seen: ObservedEtcd.Seen

    var resumed: Revision { Revision(seen.starts.dropFirst().first ?? 0) }
  }

  /// Lets the store move on, waits until the watch was told, compacts if wanted, and breaks the stream.
  private func outcome(
    _ version: EtcdVersion, _ status: ObservedEtcd.Status, arguments: [String] = [], compacts: Bool,
    told: @escaping @Sendable (ObservedEtcd.Seen) -> [Int64]
  ) async throws -> Outcome {
    try await withEtcd(version, arguments: arguments) { etcd in
      let observed = try ObservedEtcd(etcd.clientURL, status: status)
      return try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { direct in
        try await withStore(observed.configuration, logger: .quiet) { store in
          try await store.withCache(of: items, configuration: .patient) { cache in
            let last = try await cache.put(Item(id: "a", n: 1)).modRevision
            try await cache.wait(for: last, timeout: .seconds(60))
            var revision = Revision.zero
            for n in 0..<5 { revision = Revision(try await etcd.put(key: "/elsewhere", value: "\(n)")) }
            let reached = revision
            try await eventually(within: .seconds(60), "the watch is told of \(reached)") {
              told(observed.seen).contains { $0 >= reached.rawValue }
            }
            if compacts { _ = try await direct.backend.compact(CompactRequest(reached, physical: true)) }
            await observed.breakStreams()
            try await eventually(within: .seconds(60), "the watch is created again") { observed.seen.starts.count > 1 }
            let next = try await direct.execute(items.put(Item(id: "b", n: 2))).modRevision
            try await cache.wait(for: next, timeout: .seconds(60))
            try await expectEqual(cache, direct)
            // Then a list's watch has been created as well.
            try await eventually(within: .seconds(60), "the cache is live") { cache.health.isLive }
            return Outcome(last: last, store: reached, seen: observed.seen)
          }
        }
      }
    }
  }

  /// The servers that are here cannot be trusted with an answer; on a prefix that stays idle theirs are right nevertheless.
  @Test(arguments: EtcdVersion.allCases)
  func atATrustedMemberItSurvivesACompaction(version: EtcdVersion) async throws {
    let outcome = try await outcome(version, .poses(version: "3.5.21"), compacts: true, told: \.requested)
    #expect(outcome.resumed == outcome.store.next)
    #expect(outcome.seen.compacted == 0)
    #expect(outcome.seen.starts.count == 2, "there was no list")
  }

  @Test(arguments: EtcdVersion.allCases)
  func withTheServersTimerItSurvivesACompaction(version: EtcdVersion) async throws {
    let outcome = try await outcome(version, .honest, arguments: Self.timed, compacts: true, told: \.timed)
    #expect(outcome.resumed == outcome.store.next)
    #expect(outcome.seen.compacted == 0)
    #expect(outcome.seen.starts.count == 2, "there was no list")
  }

  @Test(arguments: EtcdVersion.allCases)
  func theseVersionsAreNotTrusted(version: EtcdVersion) async throws {
    let outcome = try await outcome(version, .honest, compacts: false, told: \.requested)
    #expect(outcome.resumed == outcome.last.next)
    #expect(outcome.seen.status >= 1)
  }

  @Test func withoutTrustACompactionTakesAList() async throws {
    let outcome = try await outcome(.v3_5_1, .honest, compacts: true, told: \.requested)
    #expect(outcome.resumed == outcome.last.next)
    #expect(outcome.seen.starts.count == 3, "there was a list")
  }

  @Test func anotherMembersVersionIsNoReasonForTrust() async throws {
    let outcome = try await outcome(
      .v3_5_1, .poses(version: "3.5.21", member: 4_711), compacts: false, told: \.requested)
    #expect(outcome.resumed == outcome.last.next)
  }

  @Test(arguments: ["embedded", "3.5", ""])
  func aVersionThatCannotBeReadIsNotTrusted(text: String) async throws {
    let outcome = try await outcome(.v3_4_23, .poses(version: text), compacts: false, told: \.requested)
    #expect(outcome.resumed == outcome.last.next)
  }

  @Test func aMemberThatMustNotBeAskedIsNotTrustedAndAskedOnce() async throws {
    // Three answers: after three silences.
    let outcome = try await outcome(.v3_5_1, .refused, compacts: false) { $0.requested.count >= 3 ? $0.requested : [] }
    #expect(outcome.resumed == outcome.last.next)
    #expect(outcome.seen.starts.count == 2)
    #expect(outcome.seen.status <= 2, "once for each connection")
  }

  /// Neither the watch nor the end waits for a member that does not say who it is.
  @Test func aQuestionWithoutAnswerKeepsNobodyWaiting() async throws {
    try await withEtcd(.v3_5_1) { etcd in
      let observed = try ObservedEtcd(etcd.clientURL, status: .hangs)
      try await withStore(observed.configuration, logger: .quiet) { store in
        try await store.withCache(of: items, configuration: .patient) { cache in
          try await eventually(within: .seconds(30), "it is asked") { observed.seen.status == 1 }
          let first = Revision(try await etcd.put(key: "/t/items/a", value: #"{"id":"a","n":1}"#))
          // Before the 20 s are over that an answer may take.
          try await cache.wait(for: first, timeout: .seconds(15))
          #expect(observed.seen.starts.count == 1)
          try await eventually(within: .seconds(30), "it is asked again in the next silence") {
            observed.seen.status == 2
          }
        }
      }
    }
  }
}
