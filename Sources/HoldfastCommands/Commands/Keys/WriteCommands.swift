import ArgumentParser
import Holdfast

struct PutCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "Write a key, whether it exists or not.",
    usage: "holdfast put [<options>] <key> <value>",
    discussion: """
      The value is stored as the bytes that are given. JSON: what get prints, without the value.

      Examples:
        holdfast put /acme/config/colour blue
        holdfast put /acme/logo - < logo.png
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var options: WriteOptions
  @Argument(help: "The whole key.") var key: String
  @Argument(help: "The value; - reads it from standard input.") var value: String

  var format: OutputFormat { output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    let place = try Place(key)
    let value = place.value(try await options.bytes(of: value, in: tool))
    return try await options.write(place.keyspace.put(value), endpoints, format, in: tool)
  }
}

struct CreateCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Write a key that must not exist.",
    usage: "holdfast create [<options>] <key> <value>",
    discussion: """
      If it exists: alreadyExists, exit code \(ExitStatus.refused.code), and what it holds as "current".

      Example: holdfast create /sessions/7 here --ttl 60
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var options: WriteOptions
  @Argument(help: "The whole key.") var key: String
  @Argument(help: "The value; - reads it from standard input.") var value: String

  var format: OutputFormat { output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    let place = try Place(key)
    let value = place.value(try await options.bytes(of: value, in: tool))
    return try await options.write(place.keyspace.create(value), endpoints, format, in: tool)
  }
}

struct UpdateCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Write a key if nobody changed it since a revision.",
    usage: "holdfast update [<options>] --revision <revision> <key> <value>",
    discussion: """
      If it was changed or deleted: revisionMismatch, exit code \(ExitStatus.refused.code), and what it holds as "current".

      Example: holdfast update /acme/config/colour green --revision 42
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var options: WriteOptions
  @Option(parsing: .unconditional, help: "The key's modRevision that was read; 0 for a key that must not exist.")
  var revision: Int64
  @Argument(help: "The whole key.") var key: String
  @Argument(help: "The value; - reads it from standard input.") var value: String

  var format: OutputFormat { output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    let place = try Place(key)
    let value = place.value(try await options.bytes(of: value, in: tool))
    let update = place.keyspace.update(value, ifRevision: Revision(revision))
    return try await options.write(update, endpoints, format, in: tool)
  }
}
