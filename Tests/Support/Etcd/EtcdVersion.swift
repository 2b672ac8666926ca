#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The real etcd servers that tests run against; `make test` fetches them.
package struct EtcdVersion: Sendable, Hashable, CaseIterable, CustomStringConvertible {
  package let number: String

  package static let v3_4_23 = EtcdVersion(number: "3.4.23")
  package static let v3_5_1 = EtcdVersion(number: "3.5.1")
  package static let allCases = [v3_4_23, v3_5_1]

  /// What Swift Testing prints for a parameterised test.
  package var description: String { "etcd \(number)" }

  /// Whether a server that is killed under load may forget what it acknowledged: 3.5.0 to 3.5.2 (etcd issue 13766).
  package var losesWritesWhenKilled: Bool { self == .v3_5_1 }

  /// The path of one of the version's programs: `etcd` or `etcdctl`.
  package func program(_ name: String = "etcd") throws(EtcdFixtureError) -> String {
    let path = Self.packageRoot + "/.tools/etcd-\(number)/bin/\(name)"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw EtcdFixtureError("\(self) is not at \(path): `make tools` fetches it, and `make test` does so by itself")
    }
    return path
  }

  /// This file is four levels below the package's root.
  private static let packageRoot = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(4).joined(separator: "/")
}

/// Why a fixture could not do what a test asked of it.
package struct EtcdFixtureError: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
