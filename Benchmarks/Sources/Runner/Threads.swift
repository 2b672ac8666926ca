import Glibc
import Synchronization

/// Threads of their own, which start together: tasks would share the pool's with what they are measured beside.
enum Threads {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  static func run<R: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> R) async -> [R] {
    let ready = Atomics()
    return await withTaskGroup(of: R.self) { group in
      for index in 0..<count {
        group.addTask {
          await withCheckedContinuation { continuation in
            start {
              ready.arrive(of: count)
              continuation.resume(returning: body(index))
            }
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  private static func start(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Body(body)).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, argument)
    precondition(code == 0, "no thread")
    pthread_detach(thread)
  }

  private final class Atomics: Sendable {
    private let ready = Atomic(0)
    func arrive(of count: Int) {
      ready.add(1, ordering: .acquiringAndReleasing)
      while ready.load(ordering: .acquiring) < count { sched_yield() }
    }
  }
}

/// What one reader did in its time.
struct Reading: Sendable {
  var reads = 0
  var wall = Duration.zero
  /// The part of the time in which the thread had no processor though it wanted one.
  var delay = Duration.zero
  var failure: String?

  /// The share of the time that the thread had a processor.
  var share: Double { 1 - delay.seconds / wall.seconds }
  var readsPerSecond: Double { Double(reads) / (wall - delay).seconds }

  /// Reads for so long, and looks at the clock after so many.
  static func of(_ duration: Duration, batch: Int = 1_024, _ read: (Int) throws -> Void) -> Reading {
    var reading = Reading()
    let delayed = runDelay()
    let start = ContinuousClock.now
    var now = start
    do {
      while now < start + duration {
        for i in 0..<batch { try read(reading.reads + i) }
        reading.reads += batch
        now = .now
      }
    } catch { reading.failure = "\(error)" }
    reading.wall = now - start
    reading.delay = runDelay() - delayed
    return reading
  }
}

extension [Reading] {
  /// Reads of all of them, and how far they really ran side by side.
  var figures: Figures {
    let rate = reduce(0) { $0 + $1.readsPerSecond }
    return ["reads_per_s": rate, "ns": Double(count) / rate * 1e9, "overlap": map(\.share).min() ?? 0]
  }
}
