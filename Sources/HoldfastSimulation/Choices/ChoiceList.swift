/// All that a run decided: its set-up, and what happened in each step. As text it is one word a step, the step's name and
/// its choices, which is short enough for a test once it is shrunk: `setup.1.0.2 operate.0.3 deliverRequest tick.2`.
public struct ChoiceList: Hashable, Sendable, LosslessStringConvertible {
  /// The set-up first; then each step begins with its kind.
  var steps: [[UInt32]]

  init(steps: [[UInt32]]) {
    self.steps = steps.map { step in Array(step.reversed().drop { $0 == 0 }.reversed()) }
  }

  /// Nil if a word is none.
  public init?(_ description: String) {
    var steps: [[UInt32]] = []
    for word in description.split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: ".")
      let choices = parts.dropFirst().compactMap { UInt32($0) }
      guard let name = parts.first, choices.count == parts.count - 1 else { return nil }
      if steps.isEmpty {
        guard name == "setup" else { return nil }
        steps.append(choices)
      } else {
        guard let kind = StepKind.allCases.first(where: { "\($0)" == name }) else { return nil }
        steps.append([UInt32(kind.rawValue)] + choices)
      }
    }
    guard !steps.isEmpty else { return nil }
    self.init(steps: steps)
  }

  /// How many steps there are, the set-up not counted.
  public var count: Int { max(0, steps.count - 1) }

  public var description: String {
    let words = steps.enumerated().map { index, step in
      let name = index == 0 ? "setup" : StepKind(rawValue: Int(step.first ?? 0)).map { "\($0)" } ?? "nothing"
      return ([name] + step.dropFirst(index == 0 ? 0 : 1).map { "\($0)" }).joined(separator: ".")
    }
    return words.joined(separator: " ")
  }
}
