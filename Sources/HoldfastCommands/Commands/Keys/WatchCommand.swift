import ArgumentParser
import Holdfast

struct WatchCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Print what is there, then every change, until Ctrl-C.",
    usage: "holdfast watch [<options>] <key>",
    discussion: """
      A line for each key that exists, then one for each change, in order, once; lost connections are resumed. JSON: \
      {"event":"existing|created|modified|replaced|deleted", …} as get prints it, "revision" being that of the change; after what \
      existed one line {"event":"watching","revision":…}, which as text is said on standard error. Where the history was compacted away in between, the difference \
      is printed, with "resync":true.

      Example: holdfast watch --prefix /acme/config --output json
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var shown: ValueOutputOptions
  @Flag(help: "Watch everything below the key; '' is everything.") var prefix = false
  @Flag(help: "Print what a key held before a change, as \"previous\" (JSON).") var previous = false
  @Argument(help: "The whole key, or the prefix.") var key: String

  var format: OutputFormat { shown.output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    let place = prefix ? nil : try Place(key)
    return try await withStore(try endpoints.requiredStore(for: tool)) { store in
      let updates =
        place.map { store.watch($0.keyspace, key: $0.name, previous: previous) }
        ?? store.watch(.raw(below: Key(key)), previous: previous)
      for try await update in updates {
        for change in update.changes {
          try tool.output.line(line(change, isResync: update.kind == .resync))
        }
        guard update.kind == .initial else { continue }
        switch format {
        case .json: try tell(tool, ["event": "watching", "revision": .integer(update.revision.rawValue)], "")
        // Not among the keys, and also where nobody sees it at once: a script that waits wants to know as well.
        case .text: try? tool.errors.line("holdfast: watching from revision \(update.revision)")
        }
      }
      return .success
    }
  }

  private func line(_ change: KeyspaceChange<RawValue>, isResync: Bool) -> String {
    let key = change.stored?.storeKey ?? folder.appending(change.key)
    switch format {
    case .text:
      let value = change.stored.map { "\t" + ShownValue($0.value.bytes, isRaw: shown.raw).oneLine } ?? ""
      return "\(change.kind)\t\(key)\t\(change.revision)\(value)"
    case .json:
      var line = change.stored.map { shown.format.entry($0.keyValue) } ?? .object(key.members("key"))
      line = line.adding(["event": .string("\(change.kind)"), "revision": .integer(change.revision.rawValue)])
      if isResync { line = line.adding(["resync": true]) }
      if let old = change.previous { line = line.adding(["previous": shown.format.entry(old.keyValue)]) }
      return "\(line)"
    }
  }

  /// Where the keys of the changes are.
  private var folder: Key { prefix ? Key(key).asFolder : Place(Key(key)).folder }
}
