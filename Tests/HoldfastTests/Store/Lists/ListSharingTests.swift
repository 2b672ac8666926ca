import Holdfast
import Testing

/// A list may be shared by those who asked before it was sent, and by nobody else (rule 2).
@Suite struct ListSharingTests {
  private let ranges = (0..<6).map { KeyRange.prefix(Key("/\($0)/")) }
  private var sharing = ListSharing(limit: 2)

  private mutating func ask(_ caller: Int, _ range: Int) -> [ListSharing.Action] {
    sharing.handle(.ask(caller, ranges[range]))
  }

  private mutating func leave(_ caller: Int) -> [ListSharing.Action] { sharing.handle(.leave(caller)) }
  private mutating func end(_ leader: Int) -> [ListSharing.Action] { sharing.handle(.end(leader: leader)) }

  @Test mutating func whoComesWhileAListIsInFlightSharesTheNext() {
    #expect(ask(1, 0) == [.lead(1)])
    #expect(ask(2, 0) == [], "the list of 1 may be of before 2 asked")
    #expect(ask(3, 0) == [])
    #expect(end(1) == [.lead(2)], "nobody shares the list of 1")
    #expect(ask(4, 0) == [])
    #expect(end(2) == [.tell([3]), .lead(4)])
    #expect(end(4) == [])
    #expect(ask(5, 0) == [.lead(5)])
  }

  @Test mutating func aFewAreInFlightAndTheOthersComeInTheirOrder() {
    #expect(ask(0, 0) == [.lead(0)])
    #expect(ask(1, 1) == [.lead(1)])
    #expect(ask(2, 2) == [])
    #expect(ask(3, 3) == [])
    #expect(ask(4, 2) == [], "whoever joins takes the place of the first")
    #expect(end(1) == [.lead(2)])
    #expect(end(0) == [.lead(3)])
    #expect(end(2) == [.tell([4])])
  }

  @Test mutating func aRangeThatIsInFlightHoldsUpNoOther() {
    #expect(ask(0, 0) == [.lead(0)])
    #expect(ask(1, 0) == [])
    #expect(ask(2, 1) == [.lead(2)])
    #expect(ask(3, 2) == [])
    #expect(end(2) == [.lead(3)], "1 waits for the list of its range, not for a place")
    #expect(end(0) == [.lead(1)])
  }

  @Test mutating func whoLeavesWhileHeWaitsIsForgotten() {
    #expect(ask(1, 0) == [.lead(1)])
    #expect(ask(2, 0) == [])
    #expect(ask(3, 0) == [])
    #expect(leave(2) == [])
    #expect(end(1) == [.lead(3)])
    #expect(ask(4, 0) == [])
    #expect(leave(4) == [])
    #expect(end(3) == [], "nobody is left to list for")
    #expect(leave(4) == [])
  }

  @Test mutating func whoLeavesTheListThatHeSharesIsNotTold() {
    #expect(ask(1, 0) == [.lead(1)])
    for caller in 2...4 { #expect(ask(caller, 0) == []) }
    #expect(end(1) == [.lead(2)])
    #expect(leave(3) == [])
    #expect(end(2) == [.tell([4])])
  }

  @Test mutating func aLeaderWhoLeavesIsFollowedByOneOfThoseWhoShare() {
    #expect(ask(1, 0) == [.lead(1)])
    #expect(ask(2, 0) == [])
    #expect(ask(3, 0) == [])
    #expect(end(1) == [.lead(2)])
    #expect(ask(4, 0) == [])
    // It is a new list, so whoever waited for the next shares it.
    #expect(leave(2) == [.lead(3)])
    #expect(end(2) == [], "it has left")
    #expect(end(3) == [.tell([4])])
  }

  @Test mutating func thoseWhoLostTheirLeaderGoBeforeAllOthers() {
    #expect(ask(0, 0) == [.lead(0)])
    #expect(ask(1, 1) == [.lead(1)])
    #expect(ask(2, 2) == [])
    #expect(ask(3, 0) == [])
    #expect(ask(4, 0) == [])
    #expect(end(1) == [.lead(2)])
    #expect(ask(5, 1) == [])
    #expect(end(0) == [.lead(3)], "range 0 waited longer than range 1")
    #expect(leave(3) == [.lead(4)])
    #expect(end(2) == [.lead(5)])
  }

  @Test mutating func aLeaderWhoLeavesAloneMakesPlace() {
    #expect(ask(0, 0) == [.lead(0)])
    #expect(ask(1, 1) == [.lead(1)])
    #expect(ask(2, 2) == [])
    #expect(leave(0) == [.lead(2)])
  }

  /// Whoever asks is served by a list that was sent after he asked, whatever the order of things; what is in flight stays few.
  @Test(arguments: 0..<20 as Range<UInt64>) func everybodyIsServedByAListThatWasSentAfterHeAsked(seed: UInt64) {
    var random = MachineRandom(seed: seed)
    var sharing = ListSharing(limit: 2)
    var now = 0
    var asked: [Int: (range: Int, at: Int)] = [:]
    var inFlight: [Int: (range: Int, at: Int)] = [:]
    var served = 0

    func act(_ input: ListSharing.Input, ended: (range: Int, at: Int)? = nil) {
      for action in sharing.handle(input) {
        switch action {
        case .lead(let caller):
          guard let own = asked[caller] else { return _ = Issue.record("\(caller) is to lead and does not wait") }
          #expect(!inFlight.values.contains { $0.range == own.range })
          inFlight[caller] = (own.range, now)
          #expect(inFlight.count <= 2)
        case .tell(let callers):
          for caller in callers {
            let own = asked.removeValue(forKey: caller)
            #expect(own?.range == ended?.range)
            #expect((own?.at ?? .max) <= (ended?.at ?? .min))
            served += 1
          }
        }
      }
    }

    func end(_ leader: Int) {
      let ended = inFlight.removeValue(forKey: leader)
      asked[leader] = nil
      act(.end(leader: leader), ended: ended)
    }

    for caller in 0..<400 {
      now += 1
      let range = Int(random.next() % 4)
      asked[caller] = (range, now)
      act(.ask(caller, ranges[range]))
      now += 1
      switch random.next() % 4 {
      case 0:
        if let gone = asked.keys.sorted().randomElement(using: &random) {
          asked[gone] = nil
          inFlight[gone] = nil
          act(.leave(gone))
        }
      case 1: break
      default: if let leader = inFlight.keys.sorted().randomElement(using: &random) { end(leader) }
      }
    }
    while let leader = inFlight.keys.min() { end(leader) }
    #expect(asked.isEmpty, "these wait for ever: \(asked.keys.sorted())")
    #expect(served > 50)
  }
}
