/// The updates of a keyspace or a part of it: first what is there, then every change, in order, once.
///
/// Iterate it once. Until the first update it throws what the store answers; after that it goes on through lost connections by
/// itself. After a compaction, and when the store was restored to an earlier state, it lists again and tells the difference as
/// a `.resync`. It ends when the task is cancelled (nil), or throws ``HoldfastError`` when the store refuses the watch.
/// Nothing runs in the background: a consumer that does not ask stops the server by flow control.
public struct KeyspaceUpdates<Value: Sendable>: AsyncSequence, Sendable {
  public typealias Element = KeyspaceUpdate<Value>

  let backend: any Backend
  let keyspace: Keyspace<Value>
  let range: KeyRange
  let withPrevious: Bool

  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  public struct Iterator: AsyncIteratorProtocol {
    private let source: KeyspaceUpdates
    private var differ = ListDiffer()
    private var watch: WatchUpdates.Iterator?
    /// What was told is the state at this revision.
    private var told = Revision.zero

    fileprivate init(_ source: KeyspaceUpdates) { self.source = source }

    public mutating func next() async throws -> KeyspaceUpdate<Value>? {
      while !Task.isCancelled {
        do {
          guard var watch else { return try await list() }
          let update = try await watch.next()
          self.watch = watch
          switch update {
          case nil: return nil
          case .batch(let batch): return changes(batch)
          case .started(let header) where header.revision < told:
            // A member that lags, or a store that was restored: what it does next may never reach this watch.
            throw HoldfastError(.unavailable, "the watch is served at \(header.revision), after \(told)")
          case .started, .progress, .interrupted: continue
          }
        } catch let error as HoldfastError where error.code == .compacted {
          watch = nil
        } catch let error as HoldfastError where error.isTransient && !differ.isEmpty {
          // Listing again failed. What was told stays true; nothing is missed by trying later.
          watch = nil
          try? await Task.sleep(for: .milliseconds(500))
        } catch let error as HoldfastError where error.code == .cancelled {
          return nil
        } catch {
          throw error
        }
      }
      return nil
    }

    private mutating func list() async throws -> KeyspaceUpdate<Value> {
      let list = try await source.backend.list(source.range)
      let isFirst = differ.isEmpty
      let changes = differ.replace(with: list.keyValues, at: list.header.revision)
      var request = WatchRequest(source.range, from: list.header.revision.next)
      request.previous = source.withPrevious
      watch = source.backend.watch(request).makeAsyncIterator()
      let beginsEpoch = list.header.revision < told
      told = list.header.revision
      return KeyspaceUpdate(
        kind: isFirst ? .initial : .resync, revision: list.header.revision,
        changes: changes.map {
          source.change($0.event, kind: isFirst ? .existing : $0.kind.told(KeyspaceChange<Value>.self))
        }, beginsEpoch: beginsEpoch)
    }

    private mutating func changes(_ batch: WatchBatch) -> KeyspaceUpdate<Value> {
      for event in batch.events { differ.apply(event) }
      told = batch.events.last?.modRevision ?? told
      return KeyspaceUpdate(
        kind: .changes, revision: told,
        changes: batch.events.map {
          source.change($0, kind: $0.keyValue.createRevision == $0.modRevision ? .created : .modified)
        })
    }
  }

  fileprivate func change(_ event: WatchEvent, kind: KeyspaceChange<Value>.Kind) -> KeyspaceChange<Value> {
    let keyValue = event.keyValue
    var stored: Stored<Value>?
    var failure: HoldfastError?
    if event.kind == .put {
      do { stored = try keyspace.decode(keyValue) } catch { failure = HoldfastError(wrapping: error) }
    }
    return KeyspaceChange(
      kind: event.kind == .delete ? .deleted : kind, key: keyspace.relativeKey(of: keyValue.key),
      revision: keyValue.modRevision, stored: stored, error: failure,
      previous: event.previous.flatMap { try? keyspace.decode($0) })
  }
}

extension ListDiffer.Change.Kind {
  fileprivate func told<Value>(_: KeyspaceChange<Value>.Type) -> KeyspaceChange<Value>.Kind {
    switch self {
    case .created: .created
    case .modified: .modified
    case .replaced: .replaced
    case .deleted: .deleted
    }
  }
}

extension Store {
  /// The state of a keyspace and then its changes. With `previous`, changes carry what the key held before.
  public func watch<Value>(
    _ keyspace: Keyspace<Value>, prefix: some KeyRepresentable = Key(bytes: []), previous: Bool = false
  ) -> KeyspaceUpdates<Value> {
    KeyspaceUpdates(
      backend: backend, keyspace: keyspace, range: keyspace.range(ofPrefix: prefix), withPrevious: previous)
  }

  /// The state of one key and then its changes.
  public func watch<Value>(
    _ keyspace: Keyspace<Value>, key: some KeyRepresentable, previous: Bool = false
  ) -> KeyspaceUpdates<Value> {
    KeyspaceUpdates(
      backend: backend, keyspace: keyspace, range: .key(keyspace.storeKey(for: key)), withPrevious: previous)
  }
}
