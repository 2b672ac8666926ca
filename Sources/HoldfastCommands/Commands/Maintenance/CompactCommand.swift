import ArgumentParser
import Holdfast

struct CompactCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact", abstract: "Forget what was overwritten or deleted up to a revision.",
    usage: "holdfast compact [<options>] [<revision>]",
    discussion: """
      What keys hold is kept; reads of older revisions are refused, and watches cannot resume there. Nobody is asked. JSON: \
      {"compacted":REVISION,"revision"}, with "compacted":null where --keep leaves nothing to do. A revision that was \
      compacted before: compacted, exit code \(ExitStatus.refused.code).

      Examples:
        holdfast compact 4711
        holdfast compact --keep 10000 --physical
      """)

  @OptionGroup var options: StoreOptions
  @Option(parsing: .unconditional, help: "Instead of a revision: keep so many of the newest.") var keep: Int64?
  @Flag(help: "Return only when the space has been freed.") var physical = false
  @Argument(help: "The revision.") var revision: Int64?

  func validate() throws {
    switch (revision, keep) {
    case (nil, nil): throw ValidationError("up to which revision? Give one, or --keep")
    case (_?, _?): throw ValidationError("--keep stands for a revision; give one of them")
    case (let revision?, nil) where revision < 1:
      throw ValidationError("the revision is \(revision); it must be at least 1")
    case (nil, let keep?) where keep < 0: throw ValidationError("--keep is \(keep); it must be at least 0")
    default: break
    }
  }

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    let target: Revision
    if let revision {
      target = Revision(revision)
    } else {
      // Of a quorum: a member that lags would have us keep too much. The key is of no matter.
      var read = RangeRequest(.key("compact"))
      read.keysOnly = true
      let newest = try await store.backend.range(read).header.revision
      target = Revision(newest.rawValue - (keep ?? 0))
      guard target > .zero else {
        try tell(
          tool, ["compacted": .null, "revision": .integer(newest.rawValue)],
          "nothing to compact: the store is at revision \(newest)")
        return .success
      }
    }
    let header = try await store.backend.compact(CompactRequest(target, physical: physical))
    try tell(
      tool, ["compacted": .integer(target.rawValue), "revision": .integer(header.revision.rawValue)],
      "compacted revision \(target); the store is at \(header.revision)")
    return .success
  }
}
