import WorkQueue

/// One line of a terminal that is drawn again and again.
struct ProgressBar: Sendable {
  private let duration: Duration
  private let jobs: Int?
  private static let width = 30

  /// Goes to the beginning of the line and clears it.
  static let erasure = "\r\u{1B}[K"

  init(_ options: WorkQueueOptions) {
    duration = options.duration
    jobs = options.jobs
  }

  /// How much is done, 0 to 1: of the jobs or of the time, whichever is over first.
  func fraction(_ progress: WorkQueueProgress) -> Double {
    let time = duration > .zero ? progress.elapsed / duration : 1
    let done = jobs.map { Double(progress.done) / Double($0) } ?? 0
    return min(1, max(time, done, 0))
  }

  /// The bar alone, of a fraction from 0 to 1.
  static func bar(_ fraction: Double) -> String {
    let filled = Int(fraction * Double(width))
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
  }

  func text(_ progress: WorkQueueProgress) -> String {
    let bar = Self.bar(fraction(progress))
    let seconds = progress.elapsed.components.seconds
    return Self.erasure
      + "\(bar)  \(progress.done) of \(progress.created) jobs done, \(progress.cutOffs) workers cut off, \(seconds) s"
  }
}
