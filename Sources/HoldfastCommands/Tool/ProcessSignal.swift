import Dispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A signal that this process was sent.
struct ProcessSignal: Sendable {
  var number: Int32
  /// Whether it came from the kernel and not by `kill`. SIGINT and SIGQUIT are typed then (Ctrl-C, Ctrl-\), and every process in
  /// the terminal's foreground has got them.
  var isFromKernel: Bool

  /// Those that are ignored now. At its start these are what a process is asked to leave alone: by `nohup`, or by a shell for
  /// what a script runs in the background.
  static func ignored() -> Set<Int32> {
    Set(
      (1..<32).filter { number in
        var action = sigaction()
        return sigaction(number, nil, &action) == 0 && action.isIgnore
      })
  }

  /// Catches these signals from now on, for good. One that comes before somebody waits for it is kept. At most once in a process.
  static func catching(_ numbers: [Int32]) -> AsyncStream<ProcessSignal> {
    let (signals, continuation) = AsyncStream<ProcessSignal>.makeStream()
    // Without a pipe they do what they do to every process.
    guard noted.reading >= 0 else { return signals }
    DispatchQueue(label: "holdfast.signals").async {
      var byte: UInt8 = 0
      while true {
        let count = read(noted.reading, &byte, 1)
        if count == 1 {
          continuation.yield(ProcessSignal(number: Int32(byte & 0x7F), isFromKernel: byte & 0x80 != 0))
        } else if count == 0 || errno != EINTR {
          return
        }
      }
    }
    for number in numbers {
      var action = sigaction(calling: note)
      sigaction(number, &action, nil)
    }
    return signals
  }
}

/// Between the handler, which may do next to nothing, and whoever waits. Dispatch's own signal sources do not tell who sent one.
private let noted: (reading: Int32, writing: Int32) = {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { return (-1, -1) }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  // A handler that waits would stop the thread that it runs on.
  _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
  return (ends[0], ends[1])
}()

/// The handler. It runs in the midst of anything, so it only does what POSIX allows there.
private func note(_ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _: UnsafeMutableRawPointer?) {
  let before = errno
  let code = info?.pointee.si_code ?? 0
  var byte = UInt8(truncatingIfNeeded: number)
  if code > 0, code != Int32(SI_USER) { byte |= 0x80 }
  _ = write(noted.writing, &byte, 1)
  errno = before
}

extension sigaction {
  fileprivate init(
    calling handler:
      @escaping @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void
  ) {
    self.init()
    sa_flags = SA_SIGINFO | SA_RESTART
    #if canImport(Glibc)
      __sigaction_handler.sa_sigaction = handler
    #elseif canImport(Musl)
      __sa_handler.sa_sigaction = handler
    #else
      __sigaction_u.__sa_sigaction = handler
    #endif
  }

  fileprivate var isIgnore: Bool {
    #if canImport(Glibc)
      let handler = __sigaction_handler.sa_handler
    #elseif canImport(Musl)
      let handler = __sa_handler.sa_handler
    #else
      let handler = __sigaction_u.__sa_handler
    #endif
    // Both are C function pointers, of one word, whose nil is the word 0, so every bit pattern is an Int. SIG_IGN is no function but
    // the address 1: it is compared and never called, and Swift has no other way to compare such pointers.
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
