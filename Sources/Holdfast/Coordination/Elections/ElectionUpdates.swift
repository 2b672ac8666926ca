/// Who leads an election: first who does now, then every change, in order; nil stands for nobody.
///
/// Iterate it once. Changes within one transaction are one; where the history between was compacted away, or the store restored,
/// the next update is who leads now. It goes on through lost connections by itself, ends when the task is cancelled (nil), and
/// throws ``HoldfastError`` when the store refuses, or cannot be reached at the beginning.
public struct ElectionUpdates: AsyncSequence, Sendable {
  public typealias Element = Leader?

  let election: Election

  public func makeAsyncIterator() -> Iterator { Iterator(election) }

  public struct Iterator: AsyncIteratorProtocol {
    private let election: Election
    private var updates: KeyspaceUpdates<[UInt8]>.Iterator?
    private var machine = LeaderMachine()
    private var pending = Fifo<Leader?>()

    fileprivate init(_ election: Election) { self.election = election }

    public mutating func next() async throws -> Leader?? {
      while true {
        if let leader = pending.popFirst() { return .some(leader) }
        var updates = try self.updates ?? begin()
        guard let update = try await updates.next() else { return nil }
        self.updates = updates
        for leader in machine.handle(update) { pending.append(leader) }
      }
    }

    private func begin() throws -> KeyspaceUpdates<[UInt8]>.Iterator {
      let candidates = Keyspace<[UInt8]>(prefix: try election.name.asQueue, codec: BytesCodec()) { _ in "" }
      return election.store.watch(candidates).makeAsyncIterator()
    }
  }
}

/// Values as they are.
private struct BytesCodec: Codec {
  func encode(_ value: [UInt8]) -> [UInt8] { value }
  func decode(_ bytes: [UInt8]) -> [UInt8] { bytes }
}

/// Who leads, from what happens to the candidates' keys. Pure.
struct LeaderMachine: Sendable {
  private var candidates: [Key: Leader] = [:]
  /// Who was told last; nil before anything was told.
  private var told: Leader??

  /// The leaders that an update brings, in order.
  mutating func handle(_ update: KeyspaceUpdate<[UInt8]>) -> [Leader?] {
    var leaders: [Leader?] = []
    var rest = update.changes[...]
    while let first = rest.first {
      // A list is one step, as every single revision is.
      let step = update.kind == .changes ? rest.prefix { $0.revision == first.revision } : rest
      rest = rest.dropFirst(step.count)
      for change in step {
        candidates[change.key] = change.stored.map { stored in
          Leader(
            KeyValue(
              key: stored.storeKey, value: stored.value, createRevision: stored.createRevision,
              modRevision: stored.modRevision, version: stored.version))
        }
      }
      tell(&leaders)
    }
    tell(&leaders)
    return leaders
  }

  private mutating func tell(_ leaders: inout [Leader?]) {
    let leader = candidates.values.min { ($0.token, $0.key) < ($1.token, $1.key) }
    guard told != .some(leader) else { return }
    told = .some(leader)
    leaders.append(leader)
  }
}
