/// Cuts a stream of bytes into lines, holding no more than one line of bounded length: pure.
struct LineSplitter {
  enum Line: Equatable {
    case line([UInt8])
    /// A line beyond the limit, of which nothing was kept.
    case tooLong
  }

  let limit: Int
  private var pending: [UInt8] = []
  private var isSkipping = false

  init(limit: Int) { self.limit = limit }

  /// The lines that the bytes complete.
  mutating func split(_ bytes: [UInt8]) -> [Line] {
    var lines: [Line] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      add(rest[..<end])
      if let line = take() { lines.append(line) }
      rest = rest[(end + 1)...]
    }
    add(rest)
    return lines
  }

  /// The last line, when it has no end.
  mutating func finish() -> Line? { pending.isEmpty && !isSkipping ? nil : take() }

  private mutating func add(_ bytes: ArraySlice<UInt8>) {
    if isSkipping { return }
    if pending.count + bytes.count > limit {
      isSkipping = true
      pending = []
    } else {
      pending += bytes
    }
  }

  private mutating func take() -> Line? {
    defer {
      pending = []
      isSkipping = false
    }
    return isSkipping ? .tooLong : .line(pending)
  }
}

/// The lines of a source, one after the other.
struct LineReader {
  private let source: ByteSource
  private var splitter: LineSplitter
  private var ready: ArraySlice<LineSplitter.Line> = []
  private var isAtEnd = false

  init(_ source: ByteSource, limit: Int) {
    self.source = source
    splitter = LineSplitter(limit: limit)
  }

  /// The next line, nil at the end of the input and when the task is cancelled.
  mutating func next() async throws -> LineSplitter.Line? {
    while true {
      if let line = ready.popFirst() { return line }
      if isAtEnd { return nil }
      if let chunk = try await source.next() {
        ready = splitter.split(chunk)[...]
      } else {
        isAtEnd = true
        // What a cancelled reader holds may be half a line.
        if !Task.isCancelled { ready = [splitter.finish()].compactMap { $0 }[...] }
      }
    }
  }
}
