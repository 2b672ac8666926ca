import ArgumentParser
import Holdfast
import HoldfastEtcd

struct EndpointHashCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "hash", abstract: "Print a hash of what every endpoint holds, and compare them.",
    usage: "holdfast endpoint hash [<options>]",
    discussion: """
      Of all keys up to one revision: without --revision the lowest that one of the endpoints has. Members that were \
      compacted at the same revision must have the same hash; exit code \(ExitStatus.failure.code) where they do not. JSON: \
      a line for each: {"endpoint","member","hash","revision","compactRevision"}, or {"endpoint","error","message"}.

      Example: holdfast endpoint hash --cluster
      """)

  @OptionGroup var options: StoreOptions
  @OptionGroup var which: ClusterOptions
  @Option(parsing: .unconditional, help: "Up to this revision.") var revision: Int64?

  func validate() throws {
    if let revision, revision < 1 { throw ValidationError("--revision is \(revision); it must be at least 1") }
  }

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let maintenance = etcd.maintenance
    var common = revision.map { Revision($0) }
    if common == nil {
      let states = try await which.ask(etcd) { try await maintenance.status(of: $0).header.revision }
      common = states.compactMap { try? $0.result.get() }.min()
    }
    let answers = try await which.ask(etcd) { [common] in try await maintenance.hashKV(of: $0, at: common) }
    let status = try tell(tool, answers, ["ENDPOINT", "MEMBER", "HASH", "REVISION", "COMPACTED"]) { hash in
      [
        hexadecimal(hash.header.memberID, digits: 1), "\(hash.hash)", "\(common ?? hash.header.revision)",
        hash.compactRevision.map { "\($0)" } ?? "",
      ]
    } _: { hash in
      [
        "member": .id(hash.header.memberID), "hash": .unsigned(UInt64(hash.hash)),
        "revision": .integer((common ?? hash.header.revision).rawValue),
        "compactRevision": hash.compactRevision.map { .integer($0.rawValue) } ?? .null,
      ]
    }
    let hashes = answers.compactMap { try? $0.result.get() }
    let comparable = Dictionary(grouping: hashes) { $0.compactRevision }.values
    if comparable.contains(where: { Set($0.map(\.hash)).count > 1 }) {
      try? tool.errors.line("holdfast: members that were compacted at the same revision differ")
      return .failure
    }
    return status
  }
}
