public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import NIOPosix
import SwiftProtobuf
import Synchronization

extension EtcdBackend.Maintenance {
  /// Writes a member's database to a file, from which `etcdctl snapshot restore` or `etcdutl snapshot restore` makes a cluster.
  ///
  /// The file gets its name, in place of one that has it, only when the snapshot is complete, its checksum is right and it is
  /// on the disk. Until then it is beside it (`path.partial-…`, readable by its owner only), and removed when something fails. Memory
  /// is bounded by about 4 MiB. The member goes on serving.
  ///
  /// - Parameters:
  ///   - endpoint: The member; one that lags has an older state.
  ///   - path: The file, in a folder that exists.
  ///   - silence: The longest time without a byte. The whole may take as long as it takes.
  ///   - progress: Called as bytes arrive, at most once for each MiB, and at the end.
  /// - Throws: ``HoldfastError``: `dataLoss` when the stream was cut short or damaged, `invalidArgument` when the file cannot be
  ///   created, `timeout` when the member was silent, `permissionDenied` when the user is not root.
  public func snapshot(
    of endpoint: String, to path: String, silence: Duration = .seconds(30),
    progress: @escaping @Sendable (EtcdSnapshotProgress) -> Void = { _ in }
  ) async throws(HoldfastError) -> EtcdSnapshot {
    let number = try etcd.number(of: endpoint)
    let stream = try await etcd.memberCaller.open(.snapshot, [], within: silence, at: number)
    let writer = try await SnapshotWriter.open(path)
    do throws(HoldfastError) {
      return try await receive(stream, silence, writer, path, progress)
    } catch {
      writer.discard()
      throw error
    }
  }

  private static func total(_ received: Int64, _ remaining: UInt64) throws(HoldfastError) -> Int64 {
    let (sum, isTooMuch) = Int64(clamping: remaining).addingReportingOverflow(
      received + Int64(SnapshotFile.checksumSize))
    guard !isTooMuch else {
      throw HoldfastError(.protocolViolation, "the server announced a snapshot of \(remaining) more bytes")
    }
    return sum
  }

  private func receive(
    _ stream: MemberStream, _ silence: Duration, _ writer: SnapshotWriter, _ path: String,
    _ progress: @Sendable (EtcdSnapshotProgress) -> Void
  ) async throws(HoldfastError) -> EtcdSnapshot {
    var (received, total): (Int64, Int64) = (0, 0)
    var (remaining, version): (UInt64, String) = (0, "")
    var batch: [UInt8] = []
    while let bytes = try await stream.next(within: silence) {
      let message: Etcdserverpb_SnapshotResponse
      do {
        message = try Etcdserverpb_SnapshotResponse(serializedBytes: bytes)
      } catch {
        throw HoldfastError(.protocolViolation, "a message of the snapshot cannot be decoded", cause: error)
      }
      received += Int64(message.blob.count)
      remaining = message.remainingBytes
      if total == 0 { total = try Self.total(received, remaining) }
      guard received <= total else {
        throw HoldfastError(.dataLoss, "the snapshot is longer than the \(total) bytes that the server announced")
      }
      if !message.version.isEmpty { version = message.version }
      batch += message.blob
      guard batch.count >= 1 << 20 else { continue }
      try await writer.append(batch)
      batch = []
      progress(EtcdSnapshotProgress(received: received, total: total))
    }
    // The server ended the stream in good order; that it had sent everything is another matter.
    guard remaining == 0, received == total else {
      throw HoldfastError(.dataLoss, "the snapshot ended after \(received) of \(total) bytes")
    }
    let checksum = try await writer.finish(batch)
    progress(EtcdSnapshotProgress(received: received, total: total))
    return EtcdSnapshot(path: path, size: received, checksum: checksum, version: version.isEmpty ? nil : version)
  }
}

/// The file on a thread where blocking harms nobody.
private final class SnapshotWriter: Sendable {
  private let file: Mutex<SnapshotFile>

  private init(_ file: consuming sending SnapshotFile) { self.file = Mutex(file) }

  static func open(_ path: String) async throws(HoldfastError) -> SnapshotWriter {
    try await blocking { () throws(HoldfastError) in SnapshotWriter(try SnapshotFile(path)) }
  }

  func append(_ bytes: [UInt8]) async throws(HoldfastError) {
    try await Self.blocking { [self] () throws(HoldfastError) in
      try file.withLock { file throws(HoldfastError) in try file.append(bytes) }
    }
  }

  func finish(_ bytes: [UInt8]) async throws(HoldfastError) -> [UInt8] {
    try await Self.blocking { [self] () throws(HoldfastError) in
      try file.withLock { file throws(HoldfastError) in
        try file.append(bytes)
        return try file.finish()
      }
    }
  }

  /// Nothing blocks here for long, and a cancelled task does it too.
  func discard() { file.withLock { $0.discard() } }

  private static func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () throws(HoldfastError) -> Value
  ) async throws(HoldfastError) -> Value {
    do {
      return try await NIOThreadPool.singleton.runIfActive { try body() }
    } catch {
      throw HoldfastError(wrapping: error)
    }
  }
}
