import ArgumentParser
import Holdfast

struct DeleteCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a key, or everything below a prefix.",
    usage: "holdfast delete [<options>] <key>",
    discussion: """
      Deleting nothing is no error. JSON: {"deleted","key" or "prefix","revision"}. With --revision a key that was changed \
      or is gone is refused: revisionMismatch, exit code \(ExitStatus.refused.code).

      Examples:
        holdfast delete /acme/config/colour
        holdfast delete --prefix /acme/config
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions
  @Option(parsing: .unconditional, help: "Delete only if the key's modRevision is still this one.") var revision: Int64?
  @Flag(help: "Delete everything below the key; / is the folder of that name, '' everything.") var prefix = false
  @Argument(help: "The whole key, or the prefix.") var key: String

  var format: OutputFormat { output.output }

  func validate() throws {
    if prefix, revision != nil { throw ValidationError("--revision is for one key; it cannot go with --prefix") }
  }

  func run(in tool: Tool) async throws -> ExitStatus {
    let (operation, name) = try operation()
    return try await withStore(try endpoints.requiredStore(for: tool)) { store in
      let answer = try await store.commit(operation)
      switch format {
      case .json:
        let members: [String: JSONValue] = [
          "deleted": .integer(answer.result), "revision": .integer(answer.revision.rawValue),
        ]
        try tool.output.line("\(JSONValue.object(members).adding(name))")
      case .text:
        try tool.output.line("\(answer.result) \(answer.result == 1 ? "key" : "keys") deleted")
      }
      return .success
    }
  }

  private func operation() throws -> (StoreOperation<Int>, [String: JSONValue]) {
    if prefix {
      let folder = Key(key).asFolder
      return (Keyspace.raw(below: folder).delete(prefix: ""), folder.members("prefix"))
    }
    let place = try Place(key)
    let delete =
      try revision.map { try place.keyspace.delete(place.name, ifRevision: Revision($0)) }
      ?? place.keyspace.delete(place.name)
    return (delete, place.key.members("key"))
  }
}
