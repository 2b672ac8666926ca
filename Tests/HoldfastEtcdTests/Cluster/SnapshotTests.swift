import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Snapshots of real servers and of false ones.
@Suite(.serialized) struct SnapshotTests {
  @Test(arguments: EtcdVersion.allCases) func aSnapshotIsRestored(version: EtcdVersion) async throws {
    try await withEtcd(version) { server in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: [server.clientURL]))
      let value = [UInt8](repeating: 0x61, count: 1 << 20)
      for number in 0..<5 { _ = try await etcd.put(PutRequest(key: Key("/k/\(number)"), value: value)) }
      let path = server.dataDirectory + ".db"
      #expect(FileManager.default.createFile(atPath: path, contents: Data("what was there before".utf8)))
      let steps = Shared<[EtcdSnapshotProgress]>([])
      let snapshot = try await etcd.maintenance.snapshot(of: server.clientURL, to: path) { step in
        steps.withLock { $0.append(step) }
      }
      let bytes = try Array(Data(contentsOf: URL(filePath: path)))
      #expect(snapshot.path == path)
      #expect(snapshot.size == Int64(bytes.count) && bytes.count > 5 << 20)
      #expect(snapshot.checksum == Array(bytes.suffix(32)))
      let seen = steps.value
      #expect(seen.count > 3 && seen.last?.fraction == 1)
      #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.received <= $1.received && $0.total == $1.total })
      #expect(leftovers(beside: path).isEmpty)

      _ = try await etcd.put(PutRequest(key: "/after", value: []))
      try await server.restore(path)
      #expect(try await server.list(prefix: "/").map(\.key) == (0..<5).map { "/k/\($0)" })
      #expect(try await server.get(key: "/k/4")?.value == value)
    }
  }

  @Test(arguments: EtcdVersion.allCases) func aSnapshotThatIsCutShortIsRefused(version: EtcdVersion) async throws {
    try await withEtcd(version) { server in
      try await server.put(key: "/k", bytes: [UInt8](repeating: 0x61, count: 1 << 20))
      try await server.put(key: "/l", bytes: [UInt8](repeating: 0x61, count: 1 << 20))
      try await withTCPProxy(to: server.clientPort) { proxy in
        let etcd = try EtcdBackend(EtcdConfiguration(endpoints: [proxy.url]))
        let path = server.dataDirectory + ".db"
        proxy.cut(after: 1 << 20, .toClient)
        let cut = await failure { try await etcd.maintenance.snapshot(of: proxy.url, to: path) }
        #expect(cut?.code == .unavailable)
        #expect(!FileManager.default.fileExists(atPath: path) && leftovers(beside: path).isEmpty)

        try await proxy.heal()
        proxy.pause(.toClient)
        let silent = await failure {
          try await etcd.maintenance.snapshot(of: proxy.url, to: path, silence: .milliseconds(300))
        }
        #expect(silent?.code == .timeout || silent?.code == .unavailable)
        try await proxy.heal()
        await proxy.cut()
        _ = try await etcd.maintenance.snapshot(of: proxy.url, to: path)
      }
    }
  }

  /// A database of two sectors, as the server sends it.
  private static let database = (0..<1_024).map { UInt8(truncatingIfNeeded: $0 * 7) }

  enum Damage: CaseIterable { case flippedBit, missingEnd, missingChecksum, wrongChecksum, noMessage, nonsense }

  @Test(arguments: Damage.allCases) func aDamagedSnapshotIsRefused(damage: Damage) async throws {
    var messages = Self.messages
    switch damage {
    case .flippedBit: messages[0].blob[3] ^= 1
    case .missingEnd: messages.remove(at: 1)
    case .missingChecksum: messages.removeLast()
    case .wrongChecksum: messages[2].blob[0] ^= 1
    case .noMessage: messages = []
    case .nonsense: break
    }
    let stream = damage == .nonsense ? [[0xFF, 0xFF]] : messages.map { bytes(of: $0) }
    let folder = FileManager.default.temporaryDirectory.path + "/holdfast-snapshot-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let error = await failure { try await snapshot(stream, to: folder + "/db") }
    #expect(error?.code == (damage == .nonsense ? .protocolViolation : .dataLoss))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    // The same, whole.
    #expect(try await snapshot(Self.messages.map { bytes(of: $0) }, to: folder + "/db").size == 1_056)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["db"])
  }

  @Test func aFileThatCannotBeMadeIsNoSnapshot() async {
    let error = await failure { try await snapshot([], to: "/nowhere/at/all") }
    #expect(error?.code == .invalidArgument)
  }

  private static let messages: [Etcdserverpb_SnapshotResponse] = [
    .with {
      $0.blob = Data(database[..<600])
      $0.remainingBytes = 424
    },
    .with { $0.blob = Data(database[600...]) },
    .with { $0.blob = Data(checksum) },
  ]

  /// By sha256sum.
  private static let checksum: [UInt8] = [
    0x41, 0xA8, 0xDF, 0x8D, 0x7A, 0x09, 0xDE, 0xED, 0xA1, 0xCE, 0x60, 0x4E, 0x39, 0x4A, 0xCA, 0x7E,
    0x77, 0xF0, 0x54, 0xF4, 0x93, 0x7B, 0x3E, 0x51, 0xC8, 0x82, 0xA8, 0x4F, 0x67, 0xDE, 0x6D, 0x1D,
  ]

  private func snapshot(_ stream: [[UInt8]], to path: String) async throws -> EtcdSnapshot {
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in Recording(stream) }
    return try await etcd.maintenance.snapshot(of: "http://member0", to: path)
  }

  /// Numbers that overflow, and bytes without end, are the server's, not ours.
  @Test(arguments: [UInt64.max, UInt64(Int64.max) - 31, 0]) func hostileLengths(remaining: UInt64) async throws {
    try await withScratchDirectory { directory in
      let first = Etcdserverpb_SnapshotResponse.with {
        $0.blob = Data(Self.database[..<600])
        $0.remainingBytes = remaining
      }
      let endless = [[UInt8]](repeating: bytes(of: first), count: 100)
      let error = await failure { try await snapshot(endless, to: "\(directory)/snapshot") }
      #expect(error?.code == (remaining == 0 ? .dataLoss : .protocolViolation))
      #expect(leftovers(beside: "\(directory)/snapshot").isEmpty)
    }
  }

  private func leftovers(beside path: String) -> [String] {
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    return (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { $0.contains(".partial-") } ?? []
  }
}

/// A connection whose streams say the same to everybody, and then end in good order.
private final class Recording: RPCConnection {
  private let messages: [[UInt8]]
  init(_ messages: [[UInt8]]) { self.messages = messages }

  var isUsable: Bool { true }
  func unary(_ call: RPCCall, _ message: [UInt8]) async throws(RPCError) -> [UInt8] { [] }
  func open(_ call: RPCCall) async throws(RPCError) -> any RPCStream { Recorded(messages) }
  func close() async {}
}

private final class Recorded: RPCStream {
  private let messages: Mutex<[[UInt8]]>
  init(_ messages: [[UInt8]]) { self.messages = Mutex(messages) }

  func send(_ message: [UInt8]) async throws(RPCError) {}
  func next(timeout: Duration?) async throws(RPCError) -> [UInt8]? {
    messages.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }
  func cancel() {}
}
