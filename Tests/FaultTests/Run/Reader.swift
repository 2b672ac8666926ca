import Holdfast
import HoldfastCore

/// The clients that read one cache, and look at its health.
struct Reader {
  let stage: Stage
  let cache: Int

  private var recorder: Recorder { stage.recorder }
  private var subject: Cache<Thing> { stage.caches[cache] }

  /// Local reads: all of it, single keys, both halves of a pair.
  func local() async {
    var turn = 0
    while !stage.isStopped {
      turn += 1
      // What cannot be read (not loaded) is not looked at.
      switch turn % 3 {
      case 0:
        try? read(.local) {
          let list = try subject.list(); return (list.revision.rawValue, nil, list.seen)
        }
      case 1: try? single("solo/\(turn / 3 % 8)")
      default: try? pair("pair/\(turn / 3 % 4)/")
      }
      await pause(4)
    }
  }

  func snapshots() async {
    var turn = 0
    while !stage.isStopped {
      turn += 1
      switch turn % 8 {
      case 0, 4: await snapshot(.includingMyWrites, as: .ownSnapshot)
      case 2: await snapshot(.linearizable, as: .linearizable)
      case 6: await snapshot(.maxStaleness(Self.bound), as: .bounded(Self.bound))
      default:
        try? read(.snapshot) {
          let snapshot = try subject.snapshot()
          return (snapshot.revision.rawValue, nil, snapshot.list().seen)
        }
      }
      await pause(15)
    }
  }

  func health() async {
    while !stage.isStopped {
      let time = recorder.time
      let health = subject.health
      recorder.add(
        HealthRecord(cache: cache, time: time, isLive: health.isLive, revision: health.revision?.rawValue))
      await pause(25)
    }
  }

  private static let bound = Duration.milliseconds(200)

  private func snapshot(_ mode: SnapshotMode, as recorded: ReadRecord.Mode) async {
    let (start, time) = (recorder.instant(), recorder.time)
    guard let snapshot = try? await subject.snapshot(mode, timeout: .milliseconds(500)) else { return }
    recorder.add(
      ReadRecord(
        cache: cache, span: Span(start: start, end: recorder.instant()), mode: recorded,
        revision: snapshot.revision.rawValue, seen: snapshot.list().seen, time: time,
        isFromStore: snapshot.freshness.source == .store))
  }

  private func single(_ key: String) throws {
    try read(.local) { (nil, [key], try subject.get(key).map { [key: Seen($0)] } ?? [:]) }
  }

  private func pair(_ prefix: String) throws {
    let keys = [prefix + "a", prefix + "b"]
    try read(.local) {
      let found = try subject.get(keys).found
      return (nil, keys, Dictionary(uniqueKeysWithValues: found.map { ($0.key.description, Seen($0)) }))
    }
  }

  private func read(
    _ mode: ReadRecord.Mode, _ body: () throws -> (revision: Int64?, keys: [String]?, seen: [String: Seen])
  ) throws {
    let wasLive = subject.health.isLive
    let start = recorder.instant()
    let result = try body()
    let end = recorder.instant()
    recorder.add(
      ReadRecord(
        cache: cache, span: Span(start: start, end: end), mode: mode, revision: result.revision,
        keys: result.keys, seen: result.seen, isLive: wasLive && subject.health.isLive))
  }

  /// The pace of the load, not a wait for anything.
  private func pause(_ milliseconds: Int) async { try? await Task.sleep(for: .milliseconds(milliseconds)) }
}
