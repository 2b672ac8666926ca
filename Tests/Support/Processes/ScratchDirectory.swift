#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A directory that is gone when the body has returned, in memory where there is room.
package func withScratchDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
  let base = ScratchDirectory.base
  ScratchDirectory.sweep(base)
  let directory = try ScratchDirectory.make(in: base)
  defer { ScratchDirectory.remove(directory) }
  return try await body(directory.path)
}

enum ScratchDirectory {
  struct Owned {
    let path: String
    let lock: Int32
  }

  private static let prefix = "holdfast-test-"

  /// An etcd member preallocates 128 MiB of log and syncs every write: memory is where tests are fast. Containers often
  /// have 64 MiB of it.
  static var base: String {
    let memory = "/dev/shm"
    var space = statvfs()
    let wanted = 2 << 30
    if access(memory, W_OK) == 0, statvfs(memory, &space) == 0,
      Int(space.f_bavail) * Int(space.f_frsize) >= wanted
    {
      return memory
    }
    return FileManager.default.temporaryDirectory.path
  }

  static func make(in base: String) throws -> Owned {
    var template = (base + "/\(prefix)XXXXXX").utf8CString.map { $0 }
    guard mkdtemp(&template) != nil else { throw EtcdFixtureError("no directory in \(base): errno \(errno)") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // Held until the end, by this process only: who finds it free has found what a killed run left behind.
    let lock = open(path + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw EtcdFixtureError("no lock in \(path): errno \(errno)")
    }
    return Owned(path: path, lock: lock)
  }

  static func remove(_ directory: Owned) {
    try? FileManager.default.removeItem(atPath: directory.path)
    close(directory.lock)
  }

  /// Removes what killed test runs left behind. The minute of grace covers a directory that is just being made.
  static func sweep(_ base: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] where name.hasPrefix(prefix) {
      let path = base + "/" + name
      let lock = open(path + "/lock", O_RDWR | O_CLOEXEC)
      guard lock >= 0 else { continue }
      var status = stat()
      if fstat(lock, &status) == 0, time(nil) - modified(status) > 60, flock(lock, LOCK_EX | LOCK_NB) == 0 {
        try? FileManager.default.removeItem(atPath: path)
      }
      close(lock)
    }
  }

  private static func modified(_ status: stat) -> Int {
    #if canImport(Darwin)
      status.st_mtimespec.tv_sec
    #else
      status.st_mtim.tv_sec
    #endif
  }
}
