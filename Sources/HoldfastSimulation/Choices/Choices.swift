/// Where a run's decisions come from: a seed, or what an earlier run decided. They are kept step by step, so that a run that
/// failed can be repeated without some of its steps.
struct Choices {
  private var random: SplitMix64?
  /// What was decided, or is to be: the set-up before the first step, then one element for each step.
  private(set) var steps: [[UInt32]]
  private var step = 0
  private var next = 0
  /// When the faults are over nothing is left to choice.
  private var isSettled = false

  init(seed: UInt64) {
    random = SplitMix64(state: seed)
    steps = [[]]
  }

  init(replaying steps: [[UInt32]]) { self.steps = steps.isEmpty ? [[]] : steps }

  /// Begins the next step; false when the run to repeat has no more.
  mutating func beginStep() -> Bool {
    step += 1
    next = 0
    if random != nil {
      steps.append([])
      return true
    }
    return step < steps.count
  }

  /// Forgets the step that just ended, because nothing came of it.
  mutating func dropStep() {
    guard random != nil, step > 0 else { return }
    steps.removeLast()
    step -= 1
  }

  mutating func settle() { isSettled = true }

  /// A number below the bound. Of what is not decided any more the answer is 0: the ordinary case.
  mutating func pick(_ bound: Int) -> Int {
    guard bound > 1, !isSettled else { return 0 }
    if let choice = random?.next() { return keep(Int(choice % UInt64(bound))) }
    return kept() % bound
  }

  mutating func pick<T>(_ elements: [T]) -> T? { elements.isEmpty ? nil : elements[pick(elements.count)] }

  /// An index, as often as its weight says; nil where there is none.
  mutating func pick(weights: [Int]) -> Int? {
    guard let choice = random?.next() else { return kept() }
    var left = Int(choice % UInt64(max(1, weights.reduce(0, +))))
    let index = weights.firstIndex { weight in
      left -= weight
      return left < 0
    }
    return index.map { keep($0) }
  }

  /// A number below the bound that is not kept, because what comes of it is; 0 in a repetition.
  mutating func draw(_ bound: Int) -> Int {
    guard let choice = random?.next() else { return 0 }
    return Int(choice % UInt64(bound))
  }

  /// True in so many of a hundred cases, and never when nothing is decided any more.
  mutating func chance(_ percent: Int) -> Bool { pick(100) >= 100 - percent }

  private mutating func keep(_ choice: Int) -> Int {
    steps[step].append(UInt32(choice))
    return choice
  }

  private mutating func kept() -> Int {
    defer { next += 1 }
    return next < steps[step].count ? Int(steps[step][next]) : 0
  }
}

/// Steele, Lea and Flood's generator: small, and good enough to pick what happens next.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
