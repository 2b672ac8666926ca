import ArgumentParser
import Holdfast

/// A word where the name of a command should be. ArgumentParser calls it an argument too many, and `help` ignores it.
struct UnknownCommand: CustomStringConvertible {
  /// What comes before it, `holdfast lease` say.
  private let path: String
  private let word: String
  private let nearest: String?

  /// The first word of a command line that is none; nil when all lead to a command.
  init?(in arguments: [String]) {
    var command: any ParsableCommand.Type = HoldfastCommand.self
    var words = arguments[...]
    if words.first == "help" { words.removeFirst() }
    // ArgumentParser's own command.
    if words.first == "help" { return nil }
    var path = HoldfastCommand._commandName
    while let word = words.popFirst(), !word.hasPrefix("-") {
      let commands = command.configuration.subcommands.map { (names: Self.names($0), type: $0) }
      // What follows is the command's matter.
      if commands.isEmpty { return nil }
      guard let next = commands.first(where: { $0.names.contains(word) })?.type else {
        self.path = path
        self.word = word
        nearest = Self.nearest(to: word, among: commands.flatMap(\.names))
        return
      }
      command = next
      path += " \(word)"
    }
    return nil
  }

  var description: String {
    let question = nearest.map { " Did you mean '\($0)'?" } ?? ""
    return "there is no command '\(path) \(Key(word))'.\(question) See '\(path) --help'."
  }

  private static func names<Command: ParsableCommand>(_: Command.Type) -> [String] {
    [Command._commandName] + Command.configuration.aliases
  }

  private static func nearest(to word: String, among names: [String]) -> String? {
    let distances = names.map { (name: $0, letters: distance(word, $0)) }
    return distances.filter { $0.letters <= 2 && $0.letters < $0.name.count }.min { $0.letters < $1.letters }?.name
  }

  /// How many letters were typed wrongly, left out, put in or exchanged with the next.
  private static func distance(_ typed: String, _ name: String) -> Int {
    let (a, b) = (Array(typed.utf8.prefix(32)), Array(name.utf8))
    var (before, last) = ([Int](), Array(0...b.count))
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
        row.append(least)
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
