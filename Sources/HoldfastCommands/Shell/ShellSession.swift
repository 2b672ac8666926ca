import Holdfast

/// A conversation with a store and a cache: a line in, an object out. Used by one task.
final class ShellSession {
  private let store: Store
  private let cache: Cache<RawValue>
  private let answer: ShellAnswers
  private let tool: Tool
  private let loadingLimit: Duration
  private var lines: LineReader
  private var transaction: ShellTransaction?

  /// What a put of etcd's largest request needs, and some more.
  static let lineLimit = 2 << 20

  /// - Parameter limit: How long the cache may take to load.
  init(_ store: Store, prefix: Key, tool: Tool, loading limit: Duration) {
    self.store = store
    loadingLimit = limit
    self.tool = tool
    let keyspace = Keyspace.raw(below: prefix)
    cache = Cache(of: keyspace, in: store)
    answer = ShellAnswers(keyspace: keyspace)
    lines = LineReader(tool.input, limit: Self.lineLimit)
  }

  /// Why lines are no longer executed: the input is at its end, or the cache has to be started or stopped first.
  private enum Pause: Sendable {
    case endOfInput
    case start
    case stop
    case failedStart(HoldfastError)
  }

  /// Answers until the end of the input.
  ///
  /// - Throws: ``HoldfastError`` when the cache cannot load at the beginning. Everything else is an answer.
  func run() async throws {
    var isFirst = true
    while true {
      switch try await converseWithCache(announcing: !isFirst) {
      case .endOfInput: return
      case .failedStart(let error) where isFirst: throw error
      case .failedStart(let error): try reply(answer.error(error))
      // Here run() has returned.
      case .start, .stop: try reply(answer.state(cache.health))
      }
      isFirst = false
      guard case .start = try await converse(isRunning: false) else { return }
    }
  }

  /// Runs the cache while lines are executed, until it has to stop.
  private func converseWithCache(announcing: Bool) async throws -> Pause {
    try await withThrowingTaskGroup(of: Void.self) { group in
      // It throws only when somebody else runs the cache, and nobody else has it.
      group.addTask { [cache] in try? await cache.run() }
      defer { group.cancelAll() }
      do {
        try await load()
        // Whose watch is refused is told so by `health`; reads work.
        try? await cache.waitUntilLive(timeout: loadingLimit)
      } catch {
        return .failedStart(HoldfastError(wrapping: error))
      }
      if announcing { try reply(answer.state(cache.health)) }
      return try await converse(isRunning: true)
    }
  }

  /// Returns when the cache is loaded. What asking again does not heal is thrown at once, although the cache goes on asking: for
  /// a program that lives long somebody may grant it, and for the shell nobody does.
  private func load() async throws {
    try await withThrowingTaskGroup(of: Void.self) { [cache, loadingLimit] group in
      group.addTask { try await cache.waitUntilLoaded(timeout: loadingLimit) }
      group.addTask {
        for await health in cache.healthUpdates {
          if health.state == .connecting, let cause = health.cause, cause.isRefusal { throw cause }
        }
      }
      defer { group.cancelAll() }
      try await group.next()
      try Task.checkCancellation()
    }
  }

  private func converse(isRunning: Bool) async throws -> Pause {
    while true {
      if tool.isInteractive { try tool.errors.write(Array((transaction == nil ? "> " : "txn> ").utf8)) }
      guard let input = try await lines.next() else { break }
      do {
        guard case .line(let bytes) = input else {
          throw HoldfastError(.requestTooLarge, "the line has more than \(Self.lineLimit) bytes", outcome: .refused)
        }
        guard let line = try ShellLine.parse(bytes) else { continue }
        switch (line, transaction == nil) {
        case (.start, true) where !isRunning: return .start
        case (.stop, true) where isRunning: return .stop
        default: if let object = try await execute(line) { try reply(object) }
        }
      } catch let error as ClosedOutput {
        throw error
      } catch {
        transaction?.hasWrongLine = true
        try reply(answer.error(error))
      }
    }
    if transaction != nil, !Task.isCancelled {
      try reply(answer.error(HoldfastError(.invalidArgument, "the input ended before commit; nothing was written")))
    }
    return .endOfInput
  }

  private func reply(_ object: JSONValue) throws { try tool.output.line("\(object)") }

  private func execute(_ line: ShellLine) async throws -> JSONValue? {
    if transaction != nil { return try await continueTransaction(line) }
    let keyspace = answer.keyspace
    switch line {
    case .get(let key): return answer.found(key, try cache.get(key))
    case .list(let prefix): return answer.listing(prefix, try cache.list(prefix: prefix))
    case .storeGet(let key): return answer.found(key, try await store.execute(keyspace.get(key)))
    case .put, .create, .update:
      guard let write = keyspace.write(line) else { return nil }
      return answer.written(try await store.execute(write))
    case .delete(let key, let revision):
      let committed = try await store.commit(try keyspace.delete(key, ifUnchangedSince: revision))
      return answer.deleted(committed.result, key: key).adding(revision: committed.revision)
    case .deletePrefix(let prefix):
      let committed = try await store.commit(keyspace.delete(prefix: prefix))
      return answer.deleted(committed.result, prefix: prefix).adding(revision: committed.revision)
    case .begin:
      transaction = ShellTransaction()
      return nil
    case .commit, .abort: throw HoldfastError(.invalidArgument, "no transaction is open; txn opens one")
    case .wait(let revision, let seconds):
      try await cache.wait(for: revision, timeout: .seconds(seconds))
      return answer.state(cache.health)
    case .health: return answer.health(cache.health)
    case .size: return answer.size(try cache.size)
    case .stop: throw HoldfastError(.stopped, "the cache is stopped already")
    case .start: throw HoldfastError(.alreadyRunning, "the cache runs already")
    case .help: return ["ok": true, "commands": .array(ShellLine.usage.map(JSONValue.string))]
    }
  }

  private func continueTransaction(_ line: ShellLine) async throws -> JSONValue? {
    switch line {
    case .commit:
      // Over in any case: what was refused once would be refused again.
      defer { transaction = nil }
      return try await transaction?.commit(store)
    case .abort:
      transaction = nil
      return ["ok": true, "aborted": true]
    default:
      try transaction?.add(line, answer)
      return nil
    }
  }
}

extension HoldfastError {
  fileprivate var isRefusal: Bool {
    [.permissionDenied, .unauthenticated, .tlsFailed, .invalidArgument, .unimplemented].contains(code)
  }
}

extension JSONValue {
  fileprivate func adding(revision: Revision) -> JSONValue { adding(["revision": .integer(revision.rawValue)]) }
}
