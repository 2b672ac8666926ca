import ArgumentParser
import Holdfast
import HoldfastEtcd

struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Save the database of a member.",
    discussion: """
      Example: holdfast snapshot save backup.db --endpoints http://10.0.0.1:2379
      """,
    subcommands: [SnapshotSaveCommand.self])
}

struct SnapshotSaveCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "save", abstract: "Save a member's database to a file.",
    usage: "holdfast snapshot save [<options>] <file>",
    discussion: """
      etcdctl or etcdutl snapshot restore makes a cluster from it. The file has its name only when it is complete, its \
      checksum is right and it is on the disk. JSON: {"endpoint","path","size","sha256","storageVersion"}; the checksum is \
      that of the database, which is the file but for its last 32 bytes.

      Example: holdfast snapshot save backup.db --endpoints http://10.0.0.1:2379
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The file; one that is there is replaced.", completion: .file()) var file: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    guard let endpoint = etcd.endpoints.first, etcd.endpoints.count == 1 else {
      throw HoldfastError(
        .invalidArgument, "a snapshot is of one member: --endpoints names \(etcd.endpoints.count)")
    }
    let isShown = tool.errors.isTerminal
    defer { if isShown { try? tool.errors.write(Array(ProgressBar.erasure.utf8)) } }
    let snapshot = try await etcd.maintenance.snapshot(of: endpoint, to: file) { progress in
      guard isShown else { return }
      let text = "\(shownBytes(progress.received)) of \(shownBytes(progress.total))"
      // A bar that cannot be drawn is no reason to stop.
      try? tool.errors.write(Array((ProgressBar.erasure + ProgressBar.bar(progress.fraction) + "  " + text).utf8))
    }
    if isShown { try? tool.errors.write(Array(ProgressBar.erasure.utf8)) }
    let checksum = snapshot.checksum.map { hexadecimal($0, digits: 2) }.joined()
    try tell(
      tool,
      [
        "endpoint": .string(endpoint), "path": .string(snapshot.path), "size": .integer(snapshot.size),
        "sha256": .string(checksum), "storageVersion": snapshot.version.map(JSONValue.string) ?? .null,
      ], "\(snapshot.path): \(snapshot.size) bytes from \(endpoint), SHA-256 of the database \(checksum)")
    return .success
  }
}
