import TestSupport
import Testing

/// Somebody else who looks at the store: its whole history through the JSON gateway, and in the end what it holds.
actor Witness {
  static let prefix = "/f/"
  static let thingsPrefix = "/f/things/"
  /// Below the witnessed prefix, outside of what the caches hold.
  private static let markKey = "/f/witness"

  private let cluster: EtcdCluster
  /// One for each epoch of the store.
  private(set) var oracles = [Oracle()]
  private var reached: Int64 = 0

  init(_ cluster: EtcdCluster) { self.cluster = cluster }

  /// Takes in everything that has happened up to now, and returns the revision of now.
  @discardableResult
  func catchUp(within limit: Duration = .seconds(60)) async throws -> Int64 {
    var now: Int64 = 0
    try await eventually(within: limit, "the witness reads the history") {
      let member = try await servingMember()
      now = try await member.put(key: Self.markKey, value: "now")
      let changes = try await member.changes(prefix: Self.prefix, from: reached + 1, through: now)
      for change in changes { note(change) }
      reached = max(reached, now)
      return true
    }
    return now
  }

  /// As ``catchUp(within:)`` without a mark of its own, where nothing can be written: up to the last put, whose revision it
  /// returns.
  func lookBack() async throws -> Int64 {
    let member = try await servingMember()
    let newest = try await member.list(prefix: Self.prefix).map(\.modRevision).max() ?? 0
    for change in try await member.changes(prefix: Self.prefix, from: reached + 1, through: newest) { note(change) }
    reached = max(reached, newest)
    return newest
  }

  /// The store went back: from here on its history is another one, which is read from its beginning.
  func beginEpoch() {
    oracles.append(Oracle())
    reached = 0
  }

  /// Puts a thing as another process would.
  func put(_ thing: Thing) async throws -> Int64 {
    try await servingMember().put(key: Self.thingsPrefix + thing.id, value: thing.json)
  }

  /// What the store holds in the keyspace now, by key.
  func holding() async throws -> [String: Seen] {
    var held: [String: Seen] = [:]
    for entry in try await servingMember().list(prefix: Self.thingsPrefix) {
      held[String(entry.key.dropFirst(Self.thingsPrefix.count))] = Seen(
        token: Thing(json: entry.value)?.token, modRevision: entry.modRevision,
        createRevision: entry.createRevision, version: entry.version)
    }
    return held
  }

  /// A member that answers now; a busy machine may take a while.
  func servingMember() async throws -> EtcdServer {
    var serving: EtcdServer?
    try await eventually(within: .seconds(30), "a member serves") {
      for member in cluster.members where serving == nil && member.pid != nil {
        // Not its health: a store that is full is not healthy, and can be read.
        if await member.servesReads() { serving = member }
      }
      return serving != nil
    }
    return try #require(serving)
  }

  private func note(_ change: EtcdServer.Change) {
    let key = String(decoding: change.key, as: UTF8.self)
    guard key.hasPrefix(Self.thingsPrefix) else { return }
    let seen = change.value.map { value in
      Seen(
        token: Thing(json: value)?.token, modRevision: change.modRevision, createRevision: change.createRevision,
        version: change.version)
    }
    oracles[oracles.count - 1].add(
      String(key.dropFirst(Self.thingsPrefix.count)), .init(seen: seen, revision: change.modRevision))
  }
}
