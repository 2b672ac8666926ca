import TestSupport
import Testing

/// Group 8: the store is restored from a snapshot, and goes back.
extension Faults {
  enum Restore: String, CaseIterable, Sendable {
    /// The restored store is behind what the caches have seen when they find it.
    case lower
    /// It has overtaken what they have seen, with another history.
    case overtaken
  }

  @Suite(.serialized) struct Group08 {
    static let cases = Restore.allCases.enumerated().flatMap { index, restore in
      ["etcd-cluster", "another"].enumerated().flatMap { place, token in
        Matrix.kinds(ServerKind.singles, turn: index * 2 + place).map { (restore, token, $0) }
      }
    }

    @Test(arguments: cases) func theStoreGoesBack(restore: Restore, token: String, kind: ServerKind) async throws {
      let name = "8 restored, \(restore.rawValue) revision, \(token == "etcd-cluster" ? "same" : "new") token"
      try await FaultRun(name: name, kind: kind, mustCheck: [.epochs], noticesWithin: nil) { stage in
        let snapshot = try await stage.server.saveSnapshot()
        try await stage.acknowledgements(restore == .lower ? 120 : 20)
        switch restore {
        case .lower:
          try await stage.restore(snapshot, token: token) {}
        case .overtaken:
          for proxy in stage.proxies.joined() { try await proxy.refuse() }
          for proxy in stage.proxies.joined() { await proxy.cut() }
          try await stage.restore(snapshot, token: token) {
            for number in 0..<200 {
              _ = try await stage.witness.put(Thing(id: "solo/\(number % 8)", token: stage.recorder.token()))
            }
            for proxy in stage.proxies.joined() { try await proxy.accept() }
          }
        }
        try await stage.acknowledgements(60)
      }
    }
  }
}
