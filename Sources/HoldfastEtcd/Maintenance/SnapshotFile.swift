import HoldfastCore

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A snapshot on its way to disk: under another name until it is complete, verified and synchronised. Not for use by two
/// threads at a time; its calls block.
struct SnapshotFile: ~Copyable {
  private let path: String
  private let partialPath: String
  private var descriptor: Int32
  private var hash = SHA256()
  /// The last bytes so far: at the end they are the checksum, and until then nobody knows.
  private var tail: [UInt8] = []
  private(set) var size: Int64 = 0
  private var isKept = false

  static let checksumSize = 32
  /// A database consists of pages, whose size is a multiple of this.
  private static let sector: Int64 = 512

  init(_ path: String) throws(HoldfastError) {
    self.path = path
    partialPath = "\(path).partial-\(UInt32.random(in: 0 ... .max))"
    descriptor = open(partialPath, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw HoldfastError(.invalidArgument, "the snapshot cannot be written at \(path): \(Self.reason())")
    }
  }

  deinit { release() }

  /// Closes the file, and removes it unless it is complete.
  mutating func discard() {
    release()
    descriptor = -1
  }

  private func release() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if !isKept { unlink(partialPath) }
  }

  mutating func append(_ bytes: [UInt8]) throws(HoldfastError) {
    tail += bytes
    size += Int64(bytes.count)
    let known = tail.count - Self.checksumSize
    if known > 0 {
      hash.update(tail[..<known])
      tail.removeFirst(known)
    }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        throw HoldfastError(.internal, "the snapshot cannot be written to \(partialPath): \(Self.reason())")
      }
    }
  }

  /// Verifies the file and gives it its name. Returns the checksum.
  mutating func finish() throws(HoldfastError) -> [UInt8] {
    guard tail.count == Self.checksumSize, size % Self.sector == Int64(Self.checksumSize) else {
      throw HoldfastError(.dataLoss, "the snapshot of \(size) bytes is not a database and its checksum")
    }
    guard hash.digest() == tail else {
      throw HoldfastError(.dataLoss, "the snapshot's checksum is not that of what arrived")
    }
    guard fsync(descriptor) == 0, rename(partialPath, path) == 0 else {
      throw HoldfastError(.internal, "the snapshot cannot be kept at \(path): \(Self.reason())")
    }
    isKept = true
    try synchroniseFolder()
    return tail
  }

  /// A name is on disk when its folder is.
  private func synchroniseFolder() throws(HoldfastError) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw HoldfastError(.internal, "the folder of \(path) cannot be synchronised: \(Self.reason())")
    }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
