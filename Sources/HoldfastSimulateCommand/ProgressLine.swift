#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How far a long run is, on the terminal; nothing where there is none.
struct ProgressLine {
  private let profile: String
  private let total: Int
  private let isShown: Bool

  init(profile: String, total: Int) {
    self.profile = profile
    self.total = total
    isShown = total >= 10_000 && isatty(STDERR_FILENO) == 1
  }

  func show(_ done: Int) { put("\rprofile \(profile): \(done) of \(total) seeds") }

  /// Makes room for what is printed next.
  func end() { put("\r" + String(repeating: " ", count: 79) + "\r") }

  private func put(_ text: String) {
    guard isShown else { return }
    // A line that cannot be shown is not missed.
    _ = text.withCString { write(STDERR_FILENO, $0, text.utf8.count) }
  }
}
