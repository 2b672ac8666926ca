import Foundation
import Holdfast
import HoldfastEmbedded
import Synchronization
import TestSupport
import Testing

@testable import HoldfastCommands

/// The tool without a process: what it wrote and how it would have ended.
struct ToolResult {
  var code: Int32
  var output: String
  var errors: String

  var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }

  /// Every line of the output as a JSON object.
  var objects: [NSDictionary] { get throws { try lines.map(parsed) } }
  var errorObject: NSDictionary { get throws { try parsed(errors) } }

  private func parsed(_ line: String) throws -> NSDictionary {
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
    guard let object = object as? NSDictionary else { throw NotAnObject(line: line) }
    return object
  }
}

struct NotAnObject: Error {
  let line: String
}

extension EtcdServer {
  /// Executes a command line on this server.
  func holdfast(_ arguments: String..., input: String = "", environment: [String: String] = [:]) async -> ToolResult {
    let variables = environment.merging(["HOLDFAST_ENDPOINTS": clientURL]) { given, _ in given }
    return await HoldfastCommandsTests.holdfast(arguments, input: Array(input.utf8), environment: variables)
  }

  /// The one object that a command prints as JSON, which must succeed.
  func json(_ arguments: String..., environment: [String: String] = [:]) async throws -> NSDictionary {
    let variables = environment.merging(["HOLDFAST_ENDPOINTS": clientURL]) { given, _ in given }
    let result = await HoldfastCommandsTests.holdfast(
      arguments + ["--output", "json"], input: [], environment: variables)
    #expect(result.code == 0, "\(arguments): \(result.errors)")
    return try #require(try result.objects.first)
  }
}

/// Collects what is written, and hands out what is to be read.
final class Pipe: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  var sink: ByteSink { ByteSink { new in self.bytes.withLock { $0 += new } } }
  var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
  var lineCount: Int { bytes.withLock { $0.count { $0 == 10 } } }

  init(_ text: [UInt8] = []) { bytes.withLock { $0 = text } }

  func take<R: Sendable>(_ body: (inout sending [UInt8]) -> sending R) -> R { bytes.withLock(body) }

  /// In pieces, so that no line depends on where a read ends.
  var source: ByteSource {
    ByteSource {
      self.bytes.withLock { bytes in
        let size = max(7, bytes.count / 100)
        defer { bytes.removeFirst(min(size, bytes.count)) }
        return bytes.isEmpty ? nil : Array(bytes.prefix(size))
      }
    }
  }
}

/// Executes a command line on a store of the test's, or, without one, as a newcomer would.
func holdfast(
  _ arguments: String..., input: String = "", environment: [String: String] = [:], on backend: (any Backend)? = nil
) async -> ToolResult {
  await holdfast(arguments, input: Array(input.utf8), environment: environment, on: backend)
}

func holdfast(
  _ arguments: [String], input: [UInt8], environment: [String: String] = [:], on backend: (any Backend)? = nil
) async -> ToolResult {
  let (output, errors) = (Pipe(), Pipe())
  var tool = Tool(
    environment: environment, input: Pipe(input).source, output: output.sink, errors: errors.sink)
  tool.backend = backend.map { .backend($0) }
  let code = await tool.run(arguments)
  return ToolResult(code: code, output: output.text, errors: errors.text)
}
