import Holdfast
import HoldfastEtcd
import Synchronization

/// The client's rows: the same workloads as References/clientv3, name by name.
struct EtcdRows {
  static let callers = 64
  static let pageSize: Int64 = 10_000

  let backend: any Backend
  let count: Int

  typealias Call = @Sendable (Int) async throws -> Void

  private static let valueOf300Bytes = [UInt8](repeating: 0x76, count: 300)

  private static func key(_ i: Int) -> Key {
    let number = String(i % 10_000)
    return Key(
      "/calls/\(i % 100 < 10 ? "0" : "")\(i % 100)/\(String(repeating: "0", count: 6 - number.count))\(number)")
  }

  var put: Call {
    { [backend] i in _ = try await backend.put(PutRequest(key: Self.key(i), value: Self.valueOf300Bytes)) }
  }

  var get: Call {
    { [backend] i in _ = try await backend.range(RangeRequest(.key(Self.key(i)))) }
  }

  /// One caller.
  func one(_ call: Call) async throws -> Figures {
    for i in 0..<count / 10 { try await call(i) }
    var times: [Duration] = []
    times.reserveCapacity(count)
    let before = processorTime()
    for i in 0..<count {
      let start = ContinuousClock.now
      try await call(i)
      times.append(.now - start)
    }
    let used = processorTime() - before
    times.sort()
    return [
      "p50_us": times.percentile(0.5), "p99_us": times.percentile(0.99), "cpu_us": used.microseconds / Double(count),
    ]
  }

  /// 64 callers.
  func many(_ call: @escaping Call) async throws -> Figures {
    try await run(count / 10, call)
    let (before, start) = (processorTime(), ContinuousClock.now)
    try await run(count, call)
    let (wall, used) = (ContinuousClock.now - start, processorTime() - before)
    return ["ops_per_s": Double(count) / wall.seconds, "cpu_us": used.microseconds / Double(count)]
  }

  private func run(_ count: Int, _ call: @escaping Call) async throws {
    let turn = Turn()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.callers {
        group.addTask {
          while let i = turn.next(below: count) { try await call(i) }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Counts the events below /watch/ and how old they are. Says `ready` when the writer may begin, and measures from the first
  /// event that it sees.
  func watch() async throws -> Figures {
    var lags: [Duration] = []
    lags.reserveCapacity(count + Self.callers)
    var before = Duration.zero
    var start = ContinuousClock.now
    for try await update in backend.watch(WatchRequest(.prefix("/watch/"))) {
      switch update {
      case .started: announce("ready")
      case .batch(let batch):
        if lags.isEmpty { (before, start) = (processorTime(), .now) }
        let now = nanosecondsOfDay()
        for event in batch.events {
          let sent = event.keyValue.value.prefix(19).reduce(Int64(0)) { $0 * 10 + Int64($1 &- 0x30) }
          lags.append(.nanoseconds(now - sent))
        }
      case .progress: break
      case .interrupted(let error): throw error
      }
      if lags.count >= count { break }
    }
    let (wall, used) = (ContinuousClock.now - start, processorTime() - before)
    lags.sort()
    return [
      "events_per_s": Double(lags.count) / wall.seconds, "cpu_us": used.microseconds / Double(lags.count),
      "lag_p50_us": lags.percentile(0.5), "lag_p99_us": lags.percentile(0.99),
    ]
  }

  /// Everything below a prefix in pages of one revision.
  func list(_ range: KeyRange) async throws -> Figures {
    let (before, start) = (processorTime(), ContinuousClock.now)
    let keyValues = try await backend.pages(of: range)
    let (wall, used) = (ContinuousClock.now - start, processorTime() - before)
    return ["wall_ms": wall.seconds * 1_000, "cpu_ms": used.seconds * 1_000, "keys": Double(keyValues)]
  }
}

extension Backend {
  /// Reads a range in pages of the first one's revision and returns how many keys it has.
  func pages(of range: KeyRange) async throws -> Int {
    var request = RangeRequest(range)
    request.limit = EtcdRows.pageSize
    var count = 0
    while true {
      let page = try await self.range(request)
      count += page.keyValues.count
      guard page.more, let last = page.keyValues.last else { return count }
      request.revision = request.revision ?? page.header.revision
      request.range = KeyRange(start: last.key.successor, end: range.end)
    }
  }
}

/// Hands out numbers to whoever asks.
final class Turn: Sendable {
  private let value = Atomic(0)

  func next(below limit: Int) -> Int? {
    let turn = value.add(1, ordering: .relaxed).oldValue
    return turn < limit ? turn : nil
  }
}
