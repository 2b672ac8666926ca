import Holdfast
import HoldfastCore
import Testing

/// Acknowledgements and watch events of the same keys, in every awkward order.
@Suite struct CacheMachineOrderingTests {
  enum Step: Sendable {
    case ack(Revision, [MachineOp])
    case events([(Revision, MachineOp)])
    case list(Revision, [(String, String, Revision)])
    case progress(Revision)
    /// Everything that is visible now.
    case see([String: String])
    case overlay(Int, tombstones: Int)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var steps: [Step]

    var testDescription: String { name }

    init(_ name: String, _ steps: Step...) {
      self.name = name
      self.steps = steps
    }
  }

  /// Each starts live at revision 10 with `a` and `d/1`, both written at 5.
  @Test(arguments: singleKey + ranges + transactions + lists)
  func order(_ test: Case) {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "old", 5), machineRow("/p/d/1", "one", 5)])
    for (index, step) in test.steps.enumerated() {
      switch step {
      case .ack(let revision, let ops): driver.ack(revision, ops)
      case .events(let events): driver.events(events)
      case .list(let revision, let rows):
        driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "gone")))
        driver.list(revision, rows.map { machineRow("/p/\($0.0)", $0.1, $0.2) })
        driver.send(.watchStarted(attempt: driver.attempt, ResponseHeader(revision: revision)))
      case .progress(let revision): driver.progress(revision)
      case .see(let view): #expect(driver.view == view, "step \(index)")
      case .overlay(let count, let tombstones):
        #expect(driver.machine.overlayCount == count, "step \(index)")
        #expect(driver.machine.tombstoneCount == tombstones, "step \(index)")
        #expect((driver.machine.overlayBytes == 0) == (count == 0), "step \(index)")
      }
    }
  }

  static let singleKey: [Case] = [
    Case(
      "a stale put after a watched delete", .events([(12, .delete("a"))]), .ack(11, [.put("a", "late")]),
      .see(["d/1": "one"]), .overlay(0, tombstones: 0)),
    Case(
      "a stale delete after a watched put", .events([(12, .put("a", "new"))]), .ack(11, [.delete("a")]),
      .see(["a": "new", "d/1": "one"]), .overlay(0, tombstones: 0)),
    Case(
      "a tombstone blocks a stale put", .ack(12, [.delete("a")]), .ack(11, [.put("a", "late")]), .see(["d/1": "one"]),
      .overlay(1, tombstones: 1)),
    Case(
      "a tombstone blocks a stale put from the watch", .ack(12, [.delete("a")]), .events([(11, .put("a", "foreign"))]),
      .see(["d/1": "one"]), .overlay(1, tombstones: 1), .events([(12, .delete("a"))]), .see(["d/1": "one"]),
      .overlay(0, tombstones: 0)),
    Case(
      "a tombstone allows a newer put", .ack(11, [.delete("a")]), .ack(12, [.put("a", "new")]),
      .see(["a": "new", "d/1": "one"]), .overlay(1, tombstones: 0)),
    Case(
      "a tombstone allows a newer put from the watch", .ack(11, [.delete("a")]),
      .events([(11, .delete("a")), (12, .put("a", "new"))]), .see(["a": "new", "d/1": "one"]),
      .overlay(0, tombstones: 0)),
    Case(
      "a delete acknowledged, then its event", .ack(11, [.delete("a")]), .see(["d/1": "one"]),
      .events([(11, .delete("a"))]), .see(["d/1": "one"]), .overlay(0, tombstones: 0)),
    Case(
      "a put acknowledged, then its event", .ack(11, [.put("a", "new")]), .see(["a": "new", "d/1": "one"]),
      .events([(11, .put("a", "new"))]), .see(["a": "new", "d/1": "one"]), .overlay(0, tombstones: 0)),
    Case(
      "an event, then its acknowledgement", .events([(11, .put("a", "new"))]), .ack(11, [.put("a", "new")]),
      .see(["a": "new", "d/1": "one"]), .overlay(0, tombstones: 0)),
    Case(
      "acknowledgements out of order", .ack(13, [.put("a", "3")]), .ack(11, [.put("a", "1")]),
      .ack(12, [.delete("a")]), .see(["a": "3", "d/1": "one"]), .overlay(1, tombstones: 0), .ack(14, [.delete("a")]),
      .see(["d/1": "one"])),
    Case(
      "an acknowledgement twice", .ack(11, [.put("a", "new")]), .ack(11, [.put("a", "new")]),
      .see(["a": "new", "d/1": "one"]), .overlay(1, tombstones: 0)),
    Case(
      "several revisions of one key in one response",
      .events([(11, .put("a", "1")), (12, .put("a", "2")), (13, .delete("a")), (14, .put("a", "4"))]),
      .see(["a": "4", "d/1": "one"])),
    Case(
      "an acknowledged write between the revisions of a response", .ack(12, [.put("a", "mine")]),
      .events([(11, .put("a", "before"))]), .see(["a": "mine", "d/1": "one"]),
      .events([(12, .put("a", "mine")), (13, .put("a", "after"))]), .see(["a": "after", "d/1": "one"]),
      .overlay(0, tombstones: 0)),
    Case(
      "a newer acknowledgement outlives a response", .ack(14, [.put("a", "mine")]),
      .events([(11, .put("a", "1")), (13, .delete("a"))]), .see(["a": "mine", "d/1": "one"]),
      .overlay(1, tombstones: 0), .progress(14), .overlay(0, tombstones: 0)),
  ]

  static let ranges: [Case] = [
    Case(
      "a prefix delete hides what has not arrived", .ack(13, [.deletePrefix("d/")]), .see(["a": "old"]),
      .events([(11, .put("d/2", "foreign"))]), .see(["a": "old"]), .events([(12, .put("d/1", "foreign"))]),
      .see(["a": "old"]), .overlay(1, tombstones: 1), .events([(13, .delete("d/1")), (13, .delete("d/2"))]),
      .see(["a": "old"]), .overlay(0, tombstones: 0)),
    Case(
      "only a newer put comes back", .ack(13, [.deletePrefix("d/")]), .events([(12, .put("d/2", "foreign"))]),
      .see(["a": "old"]),
      .events([(13, .delete("d/1")), (13, .delete("d/2")), (14, .put("d/2", "newer"))]),
      .see(["a": "old", "d/2": "newer"])),
    Case(
      "a newer put of ours over a prefix delete", .ack(13, [.deletePrefix("d/")]), .ack(14, [.put("d/9", "mine")]),
      .see(["a": "old", "d/9": "mine"]), .overlay(2, tombstones: 1)),
    Case(
      "an older put of ours under a prefix delete", .ack(13, [.deletePrefix("d/")]), .ack(12, [.put("d/9", "mine")]),
      .see(["a": "old"]), .overlay(1, tombstones: 1)),
    Case(
      "a prefix delete that is acknowledged late", .ack(14, [.put("d/1", "newer")]), .ack(12, [.put("d/2", "older")]),
      .ack(13, [.deletePrefix("d/")]), .see(["a": "old", "d/1": "newer"]), .overlay(2, tombstones: 1)),
    Case(
      "a prefix delete spares the sibling", .ack(11, [.put("dx", "sibling")]), .ack(12, [.deletePrefix("d/")]),
      .see(["a": "old", "dx": "sibling"])),
    Case(
      "nested prefix deletes, the newest of each key counts", .ack(13, [.deletePrefix("d/x/")]),
      .ack(11, [.deletePrefix("d/")]), .ack(12, [.put("d/x/1", "no"), .put("d/y", "yes")]),
      .see(["a": "old", "d/y": "yes"]), .overlay(4, tombstones: 3), .events([(11, .delete("d/1"))]),
      .overlay(2, tombstones: 1)),
    Case(
      "a wide delete swallows the narrow ones", .ack(11, [.deletePrefix("d/x/")]), .ack(12, [.deletePrefix("d/z/")]),
      .ack(13, [.deletePrefix("d/")]), .see(["a": "old"]), .overlay(1, tombstones: 1)),
    Case(
      "one delete over and over", .ack(11, [.deletePrefix("d/")]), .ack(12, [.deletePrefix("d/")]),
      .ack(13, [.deletePrefix("d/")]), .overlay(1, tombstones: 1)),
    Case(
      "a delete of everything", .ack(11, [.deletePrefix("")]), .see([:]),
      .events([(11, .delete("a")), (11, .delete("d/1")), (12, .put("a", "new"))]), .see(["a": "new"]),
      .overlay(0, tombstones: 0)),
  ]

  static let transactions: [Case] = [
    Case(
      "several keys at one revision", .ack(11, [.put("a", "t"), .put("b", "t"), .delete("d/1")]),
      .see(["a": "t", "b": "t"]), .events([(11, .put("a", "t")), (11, .put("b", "t")), (11, .delete("d/1"))]),
      .see(["a": "t", "b": "t"]), .overlay(0, tombstones: 0)),
    Case(
      "a delete and a put of one key at one revision", .ack(11, [.deletePrefix("d/"), .put("d/1", "again")]),
      .see(["a": "old", "d/1": "again"]), .events([(11, .delete("d/1")), (11, .put("d/1", "again"))]),
      .see(["a": "old", "d/1": "again"])),
    Case(
      "a put and a delete of one key at one revision", .ack(11, [.put("d/2", "short"), .deletePrefix("d/")]),
      .see(["a": "old"])),
    Case(
      "a transaction between an older and a newer one", .ack(12, [.put("a", "t2"), .put("b", "t2")]),
      .ack(13, [.put("b", "t3"), .delete("c")]), .ack(11, [.put("a", "t1"), .put("c", "t1")]),
      .see(["a": "t2", "b": "t3", "d/1": "one"])),
    Case(
      "of a transaction that the watch brought, nothing twice",
      .events([(11, .put("a", "t")), (11, .put("b", "t")), (12, .delete("b"))]),
      .ack(11, [.put("a", "t"), .put("b", "t")]), .see(["a": "t", "d/1": "one"]), .overlay(0, tombstones: 0)),
  ]

  static let lists: [Case] = [
    Case(
      "a list covers what was acknowledged before it", .ack(11, [.put("a", "mine")]), .ack(12, [.deletePrefix("d/")]),
      .list(12, [("a", "mine", 11)]), .see(["a": "mine"]), .overlay(0, tombstones: 0)),
    Case(
      "a range tombstone that a list covers uncovers nothing older", .ack(12, [.deletePrefix("d/")]),
      .list(14, [("a", "old", 5), ("d/2", "newer", 14)]), .see(["a": "old", "d/2": "newer"]),
      .overlay(0, tombstones: 0)),
    Case(
      "an event of before the list", .list(14, [("a", "old", 5)]), .events([(13, .put("a", "dup"))]),
      .see(["a": "old"])),
    Case(
      "progress lets go of a delete that deleted nothing", .ack(12, [.delete("zzz")]), .overlay(1, tombstones: 1),
      .progress(12), .overlay(0, tombstones: 0), .see(["a": "old", "d/1": "one"])),
  ]
}
