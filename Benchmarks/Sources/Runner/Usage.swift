import Glibc

/// The processor time of this process, all threads, user and system.
func processorTime() -> Duration { clock(CLOCK_PROCESS_CPUTIME_ID) }

/// The processor time of the calling thread.
func threadTime() -> Duration { clock(CLOCK_THREAD_CPUTIME_ID) }

/// The time of day, in nanoseconds: what processes on one machine agree on.
func nanosecondsOfDay() -> Int64 { clock(CLOCK_REALTIME).nanoseconds }

private func clock(_ id: clockid_t) -> Duration {
  var time = timespec()
  clock_gettime(id, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// The time that the calling thread was ready to run and did not: what other processes took from it.
func runDelay() -> Duration {
  let fields = text(of: "/proc/thread-self/schedstat").split(separator: " ")
  return .nanoseconds(fields.count > 1 ? Int64(fields[1]) ?? 0 : 0)
}

/// Resident memory now and at its highest, in bytes. What the allocator holds free is given back first.
func memory() -> (now: Int, peak: Int) {
  trim()
  var (now, peak) = (0, 0)
  for line in text(of: "/proc/self/status").split(separator: "\n") {
    let number = line.split(separator: " ").compactMap { Int($0) }.first ?? 0
    if line.hasPrefix("VmRSS:") { now = number << 10 }
    if line.hasPrefix("VmHWM:") { peak = number << 10 }
  }
  return (now, peak)
}

/// glibc's `malloc_trim`, of which Swift's Glibc does not know.
private func trim() {
  guard let address = dlsym(nil, "malloc_trim") else { return }
  // What glibc has under that name is `int malloc_trim(size_t)`, which is this type; on Linux both integers have Int's and CInt's size.
  _ = unsafeBitCast(address, to: (@convention(c) (Int) -> CInt).self)(0)
}

private func text(of path: String) -> String {
  let file = open(path, O_RDONLY)
  guard file >= 0 else { return "" }
  defer { close(file) }
  return String(unsafeUninitializedCapacity: 8192) { max(0, read(file, $0.baseAddress, 8192)) }
}

extension Duration {
  var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
  var microseconds: Double { Double(nanoseconds) / 1_000 }
  var seconds: Double { Double(nanoseconds) / 1_000_000_000 }
}

extension [Duration] {
  /// In microseconds. The array must be sorted and not empty.
  func percentile(_ p: Double) -> Double { self[Int(p * Double(count - 1))].microseconds }
}
