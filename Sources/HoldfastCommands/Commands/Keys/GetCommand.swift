import ArgumentParser
import Holdfast

struct GetCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print what a key holds.",
    usage: "holdfast get [<options>] <key>",
    discussion: """
      As text the value alone is printed. JSON: {"createRevision","key","lease","modRevision","revision","value","version"}, \
      with "valueBase64" in place of "value" when it is no text. A key that does not exist is an error: keyNotFound, exit \
      code \(ExitStatus.notFound.code).

      Example: holdfast get /acme/config/colour
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var shown: ValueOutputOptions
  @Argument(help: "The whole key.") var key: String

  var format: OutputFormat { shown.output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    let place = try Place(key)
    return try await withStore(try endpoints.requiredStore(for: tool)) { store in
      let answer = try await store.commit(place.keyspace.get(place.name))
      guard let stored = answer.result else {
        throw HoldfastError(.keyNotFound, "there is no such key", key: place.key, revision: answer.revision)
      }
      switch format {
      case .json:
        let entry = shown.format.entry(stored.keyValue)
        try tool.output.line("\(entry.adding(["revision": .integer(answer.revision.rawValue)]))")
      case .text:
        let value = ShownValue(stored.value.bytes, isRaw: shown.raw)
        // A file gets the bytes; a terminal must not act on them.
        if tool.output.isTerminal {
          try tool.output.line(value.lines)
        } else {
          try tool.output.write(value.bytes + [10])
        }
      }
      return .success
    }
  }
}
