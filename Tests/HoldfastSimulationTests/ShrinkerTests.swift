import HoldfastSimulation
import Testing

/// Finding out what a failing run needs, with failures that were planted.
@Suite struct ShrinkerTests {
  /// A set-up, then steps of kind 0, 1, 2, … in turn.
  private func steps(_ count: Int, kinds: Int) -> [[UInt32]] {
    [[5, 9]] + (0..<count).map { [UInt32($0 % kinds), 7, 3] }
  }

  @Test func leavesTheStepsThatMatterInTheirOrder() {
    var shrinker = Shrinker(runs: 5_000) { steps in
      let kinds = steps.dropFirst().map { $0[0] }
      guard let first = kinds.firstIndex(of: 17) else { return false }
      return kinds[first...].contains(4)
    }
    #expect(shrinker.shrink(steps(300, kinds: 50)) == [[0, 0], [17, 0, 0], [4, 0, 0]])
  }

  @Test func keepsTheChoicesThatMatter() {
    var shrinker = Shrinker(runs: 5_000) { steps in
      steps[0][1] >= 2 && steps.dropFirst().contains { $0[0] == 3 && $0[2] == 3 }
    }
    #expect(shrinker.shrink(steps(20, kinds: 5)) == [[0, 4], [3, 0, 3]])
  }

  /// Half of what opens something and what closes it fails no more.
  @Test func leavesOutWhatGoesOnlyTogether() {
    var shrinker = Shrinker(runs: 5_000) { steps in
      let kinds = steps.dropFirst().map { $0[0] }
      return kinds.contains(2) && kinds.count { $0 == 0 } == kinds.count { $0 == 1 }
    }
    #expect(shrinker.shrink([[], [0], [3], [2], [1]]) == [[], [2]])
  }

  @Test func whatNeedsNothingIsLeftWithTheSetUp() {
    var shrinker = Shrinker(runs: 100) { _ in true }
    #expect(shrinker.shrink(steps(10, kinds: 3)) == [[0, 0]])
  }

  @Test func staysAsItIsWhereNothingSmallerFails() {
    let all = steps(10, kinds: 3)
    var shrinker = Shrinker(runs: 10_000) { $0 == all }
    #expect(shrinker.shrink(all) == all)
  }

  @Test func takesNoMoreRunsThanAllowed() {
    var runs = 0
    var shrinker = Shrinker(runs: 10) { steps in
      runs += 1
      return steps.dropFirst().contains { $0[0] == 17 }
    }
    let shrunk = shrinker.shrink(steps(300, kinds: 50))
    #expect(runs == 10)
    #expect(shrunk.dropFirst().contains { $0[0] == 17 })
    #expect(shrunk.count < 301)
  }
}
