#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where bytes go: standard output, standard error, or a test.
struct ByteSink: Sendable {
  /// Whether people see it as it is written.
  var isTerminal: Bool
  let write: @Sendable ([UInt8]) throws -> Void

  init(isTerminal: Bool = false, _ write: @escaping @Sendable ([UInt8]) throws -> Void) {
    self.isTerminal = isTerminal
    self.write = write
  }

  func line(_ text: String) throws { try write(Array(text.utf8) + [UInt8(ascii: "\n")]) }

  /// Writes at once and without a buffer, so that a script that talks to the shell gets each answer when it is there.
  static func descriptor(_ descriptor: Int32) -> ByteSink {
    ByteSink(isTerminal: isatty(descriptor) == 1) { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { writeSome(descriptor, $0) }
        if count >= 0 { rest = rest.dropFirst(count) } else { try retry(descriptor, errno) }
      }
    }
  }
}

/// Nobody reads what is written, or it cannot be written.
struct ClosedOutput: Error {}

private func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}

/// Waits for what has to be waited for, and throws when there is no sense in it.
private func retry(_ descriptor: Int32, _ error: Int32) throws {
  switch error {
  case EINTR: return
  case EAGAIN:
    var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&poller, 1, -1)
  default: throw ClosedOutput()
  }
}
