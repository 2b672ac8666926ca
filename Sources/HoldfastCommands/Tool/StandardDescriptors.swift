#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The input, the output and the errors of this process.
enum StandardDescriptors {
  /// Takes the place of those that were closed when the process started, so that no pipe and no socket does: it would be
  /// read from, or printed to. Reading and writing them fail as if they were still closed.
  static func reserve() {
    // In ascending order, as `open` returns the lowest that is free.
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
