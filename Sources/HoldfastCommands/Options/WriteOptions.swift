import ArgumentParser
import Holdfast

/// What put, create and update have in common.
struct WriteOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Delete the key after so many seconds, by a lease of its own.")
  var ttl: Double?

  @Option(help: "Attach the key to this lease, in hexadecimal.")
  var lease: String?

  private static let valueLimit = 64 << 20

  /// The bytes of a VALUE argument.
  func bytes(of value: String, in tool: Tool) async throws -> [UInt8] {
    value == "-" ? try await tool.input.all(limit: Self.valueLimit) : Array(value.utf8)
  }

  func apply(to operation: StoreOperation<Stored<RawValue>>) throws -> StoreOperation<Stored<RawValue>> {
    var operation = operation
    if let ttl { operation = operation.ttl(try Duration(positiveSeconds: ttl, option: "--ttl")) }
    if let lease {
      operation = operation.lease(try LeaseID(hexadecimal: lease, "--lease"))
    }
    return operation
  }

  /// Executes the write and prints what was stored.
  func write(
    _ operation: StoreOperation<Stored<RawValue>>, _ endpoints: EndpointOptions, _ format: OutputFormat, in tool: Tool
  ) async throws -> ExitStatus {
    let operation = try apply(to: operation)
    return try await withStore(try endpoints.requiredStore(for: tool)) { store in
      let stored = try await store.execute(operation)
      switch format {
      case .json: try tool.output.line("\(EntryFormat().written(stored))")
      case .text:
        let lease = stored.lease.map { ", lease \($0)" } ?? ""
        try tool.output.line(
          "\(stored.storeKey): revision \(stored.modRevision), version \(stored.version)\(lease)")
      }
      return .success
    }
  }
}
