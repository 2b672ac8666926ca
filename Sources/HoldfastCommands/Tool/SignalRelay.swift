import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where signals go while a command of the user's runs: to it, since it is for it to end, and not to us.
final class SignalRelay: Sendable {
  private let child = Mutex<pid_t?>(nil)

  /// Whether a command runs that gets them.
  var isTaken: Bool { child.withLock { $0 != nil } }

  /// Signals go to this process until `release()`.
  func redirect(to child: pid_t) { self.child.withLock { $0 = child } }

  /// To be called as soon as the process has ended: its id may be another's later.
  func release() { child.withLock { $0 = nil } }

  /// Whether somebody else got the signal.
  func forward(_ signal: ProcessSignal) -> Bool {
    child.withLock { child in
      guard let child else { return false }
      // What is typed the command has got from the terminal. A second Ctrl-C means "at once, whatever is lost" to many.
      let isTyped = signal.isFromKernel && (signal.number == SIGINT || signal.number == SIGQUIT)
      if !isTyped { kill(child, signal.number) }
      return true
    }
  }
}
