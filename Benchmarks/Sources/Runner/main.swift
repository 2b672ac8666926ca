import Glibc
import Holdfast
import HoldfastEtcd
import Workload

/// One sample of one row, as one JSON object on the last line: `holdfast-bench ROW [name=value …]`. `make bench` runs it, in
/// turns with the references.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

struct Options {
  private var values: [String: String] = [:]

  init(_ arguments: some Sequence<String>) throws {
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { throw Failure("\(argument) is not name=value") }
      values[String(parts[0])] = String(parts[1])
    }
  }

  func number(_ name: String, or fallback: Int) throws -> Int {
    guard let text = values[name] else { return fallback }
    guard let number = Int(text), number > 0 else { throw Failure("\(name)=\(text) is no number above 0") }
    return number
  }

  func text(_ name: String) throws -> String {
    guard let text = values[name] else { throw Failure("\(name)= is missing") }
    return text
  }
}

/// Not on the main actor, where everything else would wait for its thread.
@concurrent
func figures(of row: String, _ options: Options) async throws -> Figures {
  switch row {
  case "put-1", "get-1", "put-64", "get-64", "watch", "list":
    let endpoint = try options.text("endpoint")
    let count = try options.number("count", or: 10_000)
    return try await withStore(.etcd(endpoints: [endpoint]) { $0.requestTimeout = .seconds(60) }) { store in
      let rows = EtcdRows(backend: store.backend, count: count)
      return switch row {
      case "put-1": try await rows.one(rows.put)
      case "get-1": try await rows.one(rows.get)
      case "put-64": try await rows.many(rows.put)
      case "get-64": try await rows.many(rows.get)
      case "watch": try await rows.watch()
      default: try await rows.list(Jobs.keyspace.range)
      }
    }
  case "fill", "load", "load-on-demand", "load-parts", "load-nothing", "live", "live-on-demand", "drain",
    "linearizable":
    let rows = EtcdCacheRows(endpoint: try options.text("endpoint"), count: try options.number("count", or: 1_000))
    return switch row {
    case "fill": try await rows.fill()
    case "load": try await rows.load()
    case "load-on-demand": try await rows.load(.onDemand)
    case "load-parts": try await rows.loadParts()
    case "load-nothing": try await rows.loadNothing()
    case "live": try await rows.live()
    case "live-on-demand": try await rows.live(.onDemand)
    case "drain": try await rows.drain()
    default: try await rows.linearizable()
    }
  default: break
  }
  let jobs = Jobs(count: try options.number("keys", or: 100_000))
  let time = Duration.milliseconds(try options.number("ms", or: 1_000))
  let reads = ReadRows(jobs: jobs, time: time)
  let applies = ApplyRows(jobs: jobs, count: try options.number("count", or: 100_000), time: time)
  switch row {
  case "get", "get-hot":
    return try await reads.get(.handle, readers: try options.number("readers", or: 1), hot: row == "get-hot")
  case "borrow", "borrow-hot":
    return try await reads.get(.borrowed, readers: try options.number("readers", or: 1), hot: row == "borrow-hot")
  case "beside-writer": return try await reads.besideWriter(.handle)
  case "beside-writer-on-demand": return try await reads.besideWriter(.borrowed, .onDemand)
  case "prefix": return try await reads.prefix()
  case "apply-bytes": return try await applies.bytes()
  case "apply-decoded": return try await applies.decoded()
  case "apply-on-demand": return try await applies.onDemand()
  case "snapshot-held": return try await applies.snapshotHeld()
  default: throw Failure("there is no row \(row)")
  }
}

do {
  let arguments = CommandLine.arguments.dropFirst()
  guard let row = arguments.first else { throw Failure("usage: holdfast-bench ROW [name=value …]") }
  show(try await figures(of: row, try Options(arguments.dropFirst())))
} catch {
  let text = "holdfast-bench: \(error)\n"
  _ = write(STDERR_FILENO, text, text.utf8.count)
  exit(1)
}
