import HoldfastCore
import Testing

@testable import Holdfast

/// What a transaction in memory sees, and what it has checked.
@Suite struct AtomicLogTests {
  private func record(_ key: Key, _ revision: Revision) -> CacheRecord {
    CacheRecord(
      keyValue: KeyValue(key: key, value: [1], createRevision: revision, modRevision: revision, version: 1))
  }

  @Test func everythingIsReadAtTheFirstReadsRevision() {
    var log = AtomicLog()
    #expect(log.lookup(.key("a")) == .read(at: nil))
    let isFirst = log.note(.key("a"), [record("a", 3)], asked: nil, at: 7)
    #expect(isFirst)
    #expect(log.lookup(.key("a")) == .found([record("a", 3)]), "it is not read again")
    #expect(log.lookup(.prefix("b/")) == .read(at: 7))
    // A read that began before the first one was answered.
    let isOfThatRevision = log.note(.key("c"), [record("c", 8)], asked: nil, at: 8)
    #expect(!isOfThatRevision)
    #expect(log.lookup(.key("c")) == .read(at: 7))
    _ = log.note(.key("c"), [], asked: 7, at: 9)
    #expect(log.lookup(.key("c")) == .found([]))
  }

  @Test func ownWritesLieOverWhatWasRead() {
    var log = AtomicLog()
    _ = log.note(.prefix("a/"), [record("a/1", 3), record("a/3", 4)], asked: nil, at: 7)
    log.put(PutRequest(key: "a/2", value: [2]))
    log.delete("a/3")
    log.put(PutRequest(key: "b", value: [9]))
    guard case .found(let all) = log.lookup(.prefix("a/")) else { return }
    #expect(all.map(\.key) == ["a/1", "a/2"])
    #expect(all.last?.keyValue?.value == [2] && all.last?.modRevision == .zero)
    #expect(log.lookup(.key("a/3")) == .found([]))
    log.put(PutRequest(key: "a/3", value: [3]))
    guard case .found(let again) = log.lookup(.prefix("a/")) else { return }
    #expect(again.map(\.keyValue?.value) == [[1], [2], [3]])
    #expect(log.requests.count == 3, "the last write of a key counts")
  }

  @Test func aKeyIsComparedWithWhatWasFound() {
    var log = AtomicLog()
    _ = log.note(.key("a"), [record("a", 3)], asked: nil, at: 7)
    _ = log.note(.key("b"), [], asked: 7, at: 7)
    #expect(log.compares == [Compare(key: "a", .modRevision(3)), Compare(key: "b", .modRevision(.zero))])
  }

  @Test func aRangeIsComparedWithItsKeysAndAgainstWhatIsNewer() {
    var log = AtomicLog()
    _ = log.note(.key("a/0"), [], asked: nil, at: 7)
    _ = log.note(.key("a/1"), [record("a/1", 3)], asked: 7, at: 7)
    _ = log.note(.prefix("a/1"), [record("a/1", 3)], asked: 7, at: 7)
    _ = log.note(.prefix("a/"), [record("a/1", 3), record("a/2", 5)], asked: 7, at: 7)
    #expect(
      log.compares == [
        Compare(key: "a/1", .modRevision(3)), Compare(key: "a/2", .modRevision(5)),
        Compare(.prefix("a/"), .modRevision(8), .less),
      ], "the larger range covers what was read before")
    #expect(throws: HoldfastError.self) { try log.check(limit: 2) }
    #expect(throws: Never.self) { try log.check(limit: 3) }
  }

  @Test func attemptsAreBoundedAndPausesGrow() {
    var configuration = AtomicConfiguration()
    configuration.attempts = 3
    configuration.pause = .milliseconds(10) ... .milliseconds(15)
    var retry = AtomicRetry(configuration)
    let error = HoldfastError(.revisionMismatch, "", key: "a", revision: 9)
    #expect(retry.handle(.start(hasSnapshot: true), jitter: 0) == .attempt(fromSnapshot: true))
    #expect(retry.handle(.conflicted(error), jitter: 0) == .attempt(fromSnapshot: false), "at once, from the store")
    #expect(retry.handle(.conflicted(error), jitter: 1) == .wait(.milliseconds(10)))
    #expect(retry.handle(.waited, jitter: 0) == .attempt(fromSnapshot: false))
    #expect(retry.handle(.conflicted(error), jitter: 0) == .wait(.microseconds(1_500)))
    #expect(retry.handle(.waited, jitter: 0) == .attempt(fromSnapshot: false))
    guard case .fail(let last) = retry.handle(.conflicted(error), jitter: 0) else {
      Issue.record("it goes on for ever")
      return
    }
    #expect(last.code == .revisionMismatch && last.outcome == .refused && last.key == "a" && last.revision == 9)
  }
}
