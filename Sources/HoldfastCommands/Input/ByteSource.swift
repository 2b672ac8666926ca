import Holdfast

/// Where bytes come from: standard input, or a test.
struct ByteSource: Sendable {
  /// The next bytes; nil at the end, and when the task is cancelled.
  let next: @Sendable () async throws -> [UInt8]?

  init(_ next: @escaping @Sendable () async throws -> [UInt8]?) { self.next = next }

  /// Everything up to the end.
  func all(limit: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while let chunk = try await next() {
      all += chunk
      if all.count > limit {
        throw HoldfastError(.requestTooLarge, "standard input holds more than \(limit) bytes", outcome: .refused)
      }
    }
    try Task.checkCancellation()
    return all
  }
}

/// Standard input could not be read.
struct UnreadableInput: Error, CustomStringConvertible {
  let errorNumber: Int32
  var description: String { "standard input could not be read (errno \(errorNumber))" }
}
