import Holdfast
import Testing

/// What a cache remembers of its past.
@Suite struct HistoryWindowTests {
  private func values(_ base: TestBase?) -> [String: String]? {
    base.map { $0.reduce(into: [:]) { $0["\($1.key)"] = $1.value.text } }
  }

  @Test func everyRevisionInsideIsAsItWas() throws {
    var maker = StepMaker()
    _ = maker.watch([("a", "1"), ("b", "1")], [("a", "2")], [("b", nil)])
    _ = maker.progress()
    _ = maker.watch([("b", "3")], [("a", nil), ("c", "1")])
    for revision in 1...7 as ClosedRange<Int64> {
      let base = try maker.history.base(at: Revision(revision), from: maker.base)
      #expect(values(base) == values(maker.past[Revision(revision)]), "at \(revision)")
      // Exactly: revisions and versions as well.
      #expect(base.map(\.value.keyValue) == maker.past[Revision(revision)]?.map(\.value.keyValue))
    }
    #expect(code { try maker.history.base(at: 8, from: maker.base) } == .futureRevision)
    #expect(code { try maker.history.base(at: 0, from: maker.base) } == .compacted)
  }

  @Test func aListLeavesAGap() throws {
    var maker = StepMaker()
    _ = maker.watch([("a", "1")], [("b", "1")])
    _ = maker.list(skipping: 4, [("a", nil), ("b", "2")])
    _ = maker.watch([("c", "1")])
    for revision in [1, 2, 3, 7, 8] as [Int64] {
      let base = try maker.history.base(at: Revision(revision), from: maker.base)
      #expect(values(base) == values(maker.past[Revision(revision)]), "at \(revision)")
    }
    for revision in [4, 5, 6] as [Int64] {
      #expect(code { try maker.history.base(at: Revision(revision), from: maker.base) } == .compacted)
      #expect(code { try maker.history.step(after: Revision(revision)) } == .compacted)
    }
    // Whoever was told a revision from before the gap gets the net difference, marked.
    let step = try maker.history.step(after: 2)
    guard case .resync(isContinuous: true) = step.kind else { return #expect(Bool(false), "unmarked") }
    #expect(step.changes.map(\.key) == ["a", "b", "c"])
    #expect(step.changes.map(\.kind) == [.deleted, .created, .created])
    #expect(try maker.history.step(after: 7).changes.map(\.key) == ["c"])
  }

  @Test func itIsBoundedInRevisions() throws {
    var maker = StepMaker(limit: .init(revisions: 10))
    for n in 0..<500 { _ = maker.watch([("a", "\(n)")]) }
    #expect(maker.history.count == 10)
    #expect(maker.history.oldest == 491)
    #expect(values(try maker.history.base(at: 491, from: maker.base)) == ["a": "489"])
    let error = #expect(throws: HoldfastError.self) { try maker.history.base(at: 490, from: maker.base) }
    #expect(error?.code == .compacted && error?.compactRevision == 491)
  }

  @Test func itIsBoundedInBytes() throws {
    var maker = StepMaker(limit: .init(bytes: 1_000))
    for n in 0..<100 { _ = maker.watch([("k\(n)", String(repeating: "x", count: 98))]) }
    #expect(maker.history.bytes <= 1_000 && maker.history.count == 9)
    // A change that is too large by itself is not remembered at all.
    _ = maker.watch([("big", String(repeating: "x", count: 2_000))])
    #expect(maker.history.count == 0 && maker.history.bytes == 0)
    #expect(maker.history.oldest == maker.revision)
    #expect(try maker.history.base(at: maker.revision, from: maker.base).count == 101)
  }

  @Test func nothingOfAnotherHistoryIsRemembered() throws {
    var maker = StepMaker()
    _ = maker.watch([("a", "1")], [("a", "2")], [("a", "3")])
    maker.epoch = 1
    _ = maker.list(skipping: -1, [("a", "other")], isContinuous: false)
    #expect(code { try maker.history.base(at: 2, from: maker.base) } == .compacted)
    #expect(values(try maker.history.base(at: 3, from: maker.base)) == ["a": "other"])
    _ = maker.watch([("b", "1")], [("b", "2")])
    // A revision that both histories have may be one of the first, which is not what this one was.
    #expect(code { try maker.history.step(after: 4) } == .compacted)
    #expect(try maker.history.step(after: 5).changes.isEmpty)
  }

  @Test func afterALossOrAPauseItBeginsAnew() throws {
    var maker = StepMaker()
    _ = maker.watch([("a", "1")])
    maker.history.add(BaseStep(.forgotten(maker.base), from: 2, to: 2, epoch: 0))
    #expect(code { try maker.history.base(at: 2, from: maker.base) } == .compacted)
    maker.history.add(BaseStep(.loaded, from: 9, to: 9, epoch: 0))
    #expect(maker.history.oldest == 9)
    // Steps that nobody told it of.
    maker.history.add(BaseStep(.changes, from: 15, to: 16, epoch: 0))
    #expect(maker.history.oldest == 16)
  }
}
