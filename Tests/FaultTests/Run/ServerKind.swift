import TestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The servers that a fault is run against: two versions, one member or three, with the default progress interval or with
/// ordered progress every 100 ms.
struct ServerKind: Hashable, Sendable, CustomStringConvertible {
  var version: EtcdVersion
  var members = 1
  var reportsProgress = false

  static let all: [ServerKind] = [false, true].flatMap { progress in
    [
      ServerKind(version: .v3_4_23, reportsProgress: progress),
      ServerKind(version: .v3_4_23, members: 3, reportsProgress: progress),
      ServerKind(version: .v3_5_1, reportsProgress: progress),
    ]
  }

  static var singles: [ServerKind] { all.filter { $0.members == 1 } }
  static var clusters: [ServerKind] { all.filter { $0.members == 3 } }

  var arguments: [String] {
    reportsProgress ? ["--experimental-watch-progress-notify-interval", "100ms"] : []
  }

  var description: String {
    "\(version.number), \(members) member\(members > 1 ? "s" : "")\(reportsProgress ? ", progress 100 ms" : "")"
  }
}

/// Which part of the matrix is run.
enum Matrix {
  /// `make test-faults` sets it; `make test` runs every fault on one kind of server, a different one for each.
  static let isWhole = ProcessInfo.processInfo.environment["HOLDFAST_FAULTS"] == "all"

  /// All of these kinds, or the one whose turn it is.
  static func kinds(_ kinds: [ServerKind] = ServerKind.all, turn: Int) -> [ServerKind] {
    isWhole ? kinds : [kinds[turn % kinds.count]]
  }
}
