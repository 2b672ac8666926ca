import ArgumentParser
import Holdfast
import HoldfastEtcd

/// Which store, and how to print: what every command has that asks one.
struct StoreOptions: ParsableArguments {
  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions
}

/// A command that asks a store.
protocol StoreCommand: ToolCommand {
  var options: StoreOptions { get }
  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus
}

extension StoreCommand {
  var format: OutputFormat { options.output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    try await withStore(try options.endpoints.requiredStore(for: tool)) { try await run(on: $0, tool) }
  }
}

/// A command that only a real etcd can serve.
protocol EtcdCommand: StoreCommand {
  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus
}

extension EtcdCommand {
  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    guard let etcd = try? store.backend.etcd else {
      throw HoldfastError(
        .invalidArgument,
        "this needs an etcd cluster, and the store is none: give --endpoints URL,… or set \(EndpointOptions.variable)")
    }
    return try await run(on: etcd, tool)
  }
}

extension LeaseID {
  /// An argument or an option's value.
  init(hexadecimal text: String, _ name: String) throws {
    guard let id = UInt64(text, radix: 16), id > 0 else {
      throw HoldfastError(.invalidArgument, "\(name) is '\(text)', which is no hexadecimal lease id")
    }
    self.init(Int64(bitPattern: id))
  }
}
