import ArgumentParser
import Holdfast

struct ListCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print the keys below a prefix and what they hold.",
    usage: "holdfast list [<options>] [<prefix>]",
    discussion: """
      All at one revision, in key order. As text a line each: key, revision and value, separated by tabs, the value on one \
      line. JSON: a line each, as get prints it; with --keys-only without the value.

      Example: holdfast list /acme/config --keys-only
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var shown: ValueOutputOptions
  @Option(parsing: .unconditional, help: "At most so many keys.") var limit: Int?
  @Flag(help: "Do not read the values.") var keysOnly = false
  @Argument(help: "The prefix; without one everything.") var prefix = ""

  var format: OutputFormat { shown.output.output }
  private static let page = 1_000

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be at least 1") }
  }

  func run(in tool: Tool) async throws -> ExitStatus {
    try await withStore(try endpoints.requiredStore(for: tool)) { store in
      // Page by page, so that a large store is never in memory as a whole.
      var request = RangeRequest(Keyspace.raw(below: Key(prefix)).range)
      request.keysOnly = keysOnly
      var rest = limit ?? .max
      while rest > 0 {
        request.limit = Int64(min(rest, Self.page))
        let answer = try await store.backend.range(request)
        let revision = request.revision ?? answer.header.revision
        for entry in answer.keyValues { try tool.output.line(line(entry, at: revision)) }
        guard answer.more, let last = answer.keyValues.last else { break }
        rest -= answer.keyValues.count
        request.range = KeyRange(start: last.key.successor, end: request.range.end)
        request.revision = revision
      }
      return .success
    }
  }

  private func line(_ entry: KeyValue, at revision: Revision) -> String {
    switch format {
    case .json:
      let members = keysOnly ? shown.format.metadata(entry) : shown.format.entry(entry)
      return "\(members.adding(["revision": .integer(revision.rawValue)]))"
    case .text where keysOnly: return "\(entry.key)"
    case .text: return "\(entry.key)\t\(entry.modRevision)\t\(ShownValue(entry.value, isRaw: shown.raw).oneLine)"
    }
  }
}
