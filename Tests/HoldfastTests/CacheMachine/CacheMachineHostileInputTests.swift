import Holdfast
import HoldfastCore
import Testing

@Suite struct CacheMachineHostileInputTests {
  /// Any inputs in any order, sensible or not: nothing crashes and the mirror always agrees.
  @Test(arguments: 0..<300 as Range<UInt64>)
  func anyInputsInAnyOrder(seed: UInt64) {
    var random = MachineRandom(seed: seed)
    var driver = MachineDriver(limit: OverlayLimit(entries: random.below(8), bytes: 200))
    let error = HoldfastError(.unavailable, "any")
    let keys: [Key] = ["/p/a", "/p/b", "/p/d/1", "/p/d/2", "/q/z", "/p", ""]
    let odd: [Int64] = [.min, -1, 0, 1, .max]
    for _ in 0..<60 {
      let attempt = random.below(8) == 0 ? random.below(9) - 2 : driver.attempt
      let number = random.below(10) == 0 ? random.pick(odd) : Int64(random.below(30))
      let revision = Revision(number)
      let row = machineRow(random.pick(keys).description, "\(random.below(9))", revision)
      let header = ResponseHeader(revision: revision)
      let range = random.pick([KeyRange.all, .prefix("/p/d/"), .key("/p/a"), KeyRange(start: "/p/b", end: "/p/a")])
      switch random.below(14) {
      case 0: driver.send(.start)
      case 1: if random.below(4) == 0 { driver.send(.stop) }
      case 2: driver.send(.listFailed(attempt: attempt, error))
      case 3, 4: driver.send(.listed(attempt: attempt, header: header, records: random.below(2) == 0 ? [] : [row]))
      case 5: driver.send(.watchStarted(attempt: attempt, header))
      case 6, 7: driver.send(.changes(attempt: attempt, [.put(row), .delete(random.pick(keys), revision)]))
      case 8: driver.send(.progress(attempt: attempt, WatchProgress(revision: revision, isOrdered: true)))
      case 9: driver.send(.watchInterrupted(attempt: attempt, error))
      case 10: if random.below(3) == 0 { driver.send(.watchEnded(attempt: attempt, error)) }
      case 11: if random.below(6) == 0 { driver.ack(revision, known: revision.next) }
      default:
        let effects: [WriteEffect] = [.put(row), .delete(range)].shuffled(using: &random)
        let mark = WriteMark(epoch: driver.machine.epoch - random.below(5) / 4, known: driver.machine.highestKnown)
        driver.send(.acknowledged(effects, at: revision, changed: random.below(2) == 0, sent: mark))
      }
    }
  }
}
