import ArgumentParser
import Testing

@testable import HoldfastCommands

/// What every command's help is like.
@Suite struct HelpTests {
  private static func all(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    [command] + command.configuration.subcommands.flatMap { all($0) }
  }

  private let commands = Self.all(HoldfastCommand.self)

  @Test func everyCommandHasAnExample() {
    #expect(commands.count > 50)
    for command in commands {
      #expect(command.configuration.discussion.contains("holdfast "), "\(command)")
      #expect(command.configuration.discussion.contains("Example"), "\(command)")
    }
  }

  @Test(
    arguments: [HoldfastCommand.self, ShellCommand.self, LockCommand.self, BenchCommand.self]
      as [any ParsableCommand.Type])
  func helpFits80Columns(command: any ParsableCommand.Type) {
    for line in HoldfastCommand.helpMessage(for: command, columns: 80).split(separator: "\n") {
      #expect(line.count <= 80, "\(command): \(line)")
    }
  }

  /// Of all commands, since making the text of each takes long: only usage and discussion are not broken by ArgumentParser.
  @Test func usageFits80Columns() {
    for command in commands where command.configuration.subcommands.isEmpty {
      let usage = "USAGE: " + (command.configuration.usage ?? String(repeating: "?", count: 80))
      #expect(usage.count <= 80, "\(command): \(usage)")
    }
  }

  /// What is broken in the source is broken once more by the terminal's width: paragraphs are one line, and only what is
  /// indented (tables, examples) has its own lines, which must fit.
  @Test func paragraphsAreNotBrokenTwice() {
    for command in commands {
      var isInParagraph = false
      for line in command.configuration.discussion.split(separator: "\n", omittingEmptySubsequences: false) {
        let isProse = !line.isEmpty && !line.hasPrefix(" ")
        #expect(!(isProse && isInParagraph), "\(command): \(line)")
        #expect(isProse || line.count <= 80, "\(command): \(line)")
        isInParagraph = isProse
      }
    }
  }
}
