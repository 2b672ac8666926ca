import HoldfastCore

/// Ranges that were deleted, as disjoint pieces in key order, each with the highest revision that deleted it: a look-up is
/// one binary search however many deletes there were, and repeated deletes of one range do not pile up.
struct RangeTombstones: Sendable {
  private struct Piece: Sendable {
    var range: KeyRange
    var revision: Revision

    var bytes: Int { range.start.bytes.count + (range.end?.bytes.count ?? 0) }
  }

  private var pieces: [Piece] = []
  private(set) var bytes = 0

  var count: Int { pieces.count }

  /// The revision of the newest delete of the key.
  func revision(covering key: Key) -> Revision? {
    let index = firstPiece(endingAfter: key)
    guard index < pieces.count, pieces[index].range.contains(key) else { return nil }
    return pieces[index].revision
  }

  mutating func insert(_ range: KeyRange, at revision: Revision) {
    guard !range.isEmpty else { return }
    let first = firstPiece(endingAfter: range.start)
    var next = first
    var result: [Piece] = []
    // What has no newer piece over it yet begins here; nil when the whole range is done.
    var open: Key? = range.start
    while next < pieces.count, range.overlaps(pieces[next].range) {
      let piece = pieces[next]
      next += 1
      guard let inside = piece.range.intersection(range) else { continue }
      // What sticks out on the left stays as it was.
      Self.append(KeyRange(start: piece.range.start, end: inside.start), piece.revision, to: &result)
      if let start = open { Self.append(KeyRange(start: start, end: inside.start), revision, to: &result) }
      Self.append(inside, max(revision, piece.revision), to: &result)
      open = inside.end
      if let end = inside.end { Self.append(KeyRange(start: end, end: piece.range.end), piece.revision, to: &result) }
      if inside.end == range.end { open = nil }
    }
    if let start = open { Self.append(KeyRange(start: start, end: range.end), revision, to: &result) }
    bytes += result.reduce(0) { $0 + $1.bytes } - pieces[first..<next].reduce(0) { $0 + $1.bytes }
    pieces.replaceSubrange(first..<next, with: result)
  }

  mutating func evict(through revision: Revision) {
    pieces.removeAll { $0.revision <= revision }
    bytes = pieces.reduce(0) { $0 + $1.bytes }
  }

  func forEach(through revision: Revision, _ body: (KeyRange) -> Void) {
    for piece in pieces where piece.revision <= revision { body(piece.range) }
  }

  /// Joins what touches and is of one revision, so that a large delete over many small ones leaves one piece.
  private static func append(_ range: KeyRange, _ revision: Revision, to pieces: inout [Piece]) {
    guard !range.isEmpty else { return }
    if let last = pieces.last, last.revision == revision, last.range.end == range.start {
      pieces[pieces.count - 1].range = KeyRange(start: last.range.start, end: range.end)
    } else {
      pieces.append(Piece(range: range, revision: revision))
    }
  }

  private func firstPiece(endingAfter key: Key) -> Int {
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if let end = pieces[middle].range.end, end <= key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
