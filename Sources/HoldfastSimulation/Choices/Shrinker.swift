/// Finds out which steps a failing run needs: it leaves out some, large parts first, then single ones, as long as the run
/// still fails; then it takes the ordinary choice where that does as well.
package struct Shrinker {
  /// How many more runs it may take.
  private var runs: Int
  private let isFailing: ([[UInt32]]) -> Bool

  /// `isFailing` makes a run of such choices. The first of them are the set-up, which stays.
  package init(runs: Int, isFailing: @escaping ([[UInt32]]) -> Bool) {
    self.runs = runs
    self.isFailing = isFailing
  }

  /// The smallest choices that were found to fail; those that were given if none of fewer do.
  package mutating func shrink(_ steps: [[UInt32]]) -> [[UInt32]] {
    var best = steps
    var size = max(1, (best.count - 1) / 2)
    while size > 1 {
      _ = leaveOut(size, from: &best)
      size /= 2
    }
    // What one step needed may go once that step is gone.
    while leaveOut(1, from: &best) || leaveOutPairs(from: &best) {}
    lower(&best)
    while leaveOut(1, from: &best) {}
    return best
  }

  private mutating func fails(_ steps: [[UInt32]]) -> Bool {
    guard runs > 0 else { return false }
    runs -= 1
    return isFailing(steps)
  }

  /// Later steps first: they are what the failure needs least.
  private mutating func leaveOut(_ size: Int, from best: inout [[UInt32]]) -> Bool {
    var isSmaller = false
    var end = best.count
    while end > 1 {
      var candidate = best
      candidate.removeSubrange(max(1, end - size)..<end)
      if fails(candidate) {
        best = candidate
        isSmaller = true
      }
      end = min(end - size, best.count)
    }
    return isSmaller
  }

  /// Some steps go only together: one that makes something, and one that ends it.
  private mutating func leaveOutPairs(from best: inout [[UInt32]]) -> Bool {
    guard best.count <= 60 else { return false }
    for first in best.indices.dropFirst() {
      for second in best.indices.dropFirst(first + 1) {
        var candidate = best
        candidate.remove(at: second)
        candidate.remove(at: first)
        guard fails(candidate) else { continue }
        best = candidate
        return true
      }
    }
    return false
  }

  private mutating func lower(_ best: inout [[UInt32]]) {
    for step in best.indices {
      // The first choice of a step is what happens in it.
      for choice in best[step].indices.dropFirst(step == 0 ? 0 : 1) where best[step][choice] > 0 {
        for value in Set([0, 1, best[step][choice] / 2]).sorted() where value < best[step][choice] {
          var candidate = best
          candidate[step][choice] = value
          guard fails(candidate) else { continue }
          best = candidate
          break
        }
      }
    }
  }
}
