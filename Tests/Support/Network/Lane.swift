internal import NIOCore
internal import Synchronization

/// What a proxy does to the bytes of one direction, on all of its connections.
final class Lane: Sendable {
  private struct State {
    var delay = Duration.zero
    var pieceBytes: Int?
    var cutAfter: Int?
    var injection: (id: Int, frames: FrameInjection)?
  }

  let valve = Valve()
  private let state = Mutex(State())

  var delay: Duration {
    get { state.withLock { $0.delay } }
    set { state.withLock { $0.delay = newValue } }
  }

  var pieceBytes: Int? {
    get { state.withLock { $0.pieceBytes } }
    set { state.withLock { $0.pieceBytes = newValue } }
  }

  /// So many bytes still pass, on whichever connection they come; the one that has more is reset.
  var cutAfter: Int? {
    get { state.withLock { $0.cutAfter } }
    set { state.withLock { $0.cutAfter = newValue } }
  }

  var injection: (id: Int, frames: FrameInjection)? { state.withLock { $0.injection } }

  func inject(_ frames: FrameInjection) {
    state.withLock { $0.injection = (($0.injection?.id ?? 0) + 1, frames) }
  }

  /// The bytes that may pass of a piece, and whether the connection is to be cut behind them.
  func spend(_ bytes: Int) -> (allowed: Int, isCut: Bool) {
    state.withLock { state in
      guard let left = state.cutAfter else { return (bytes, false) }
      guard bytes > left else {
        state.cutAfter = left - bytes
        return (bytes, false)
      }
      state.cutAfter = nil
      return (left, true)
    }
  }

  /// The bytes in the pieces that they are sent on in.
  func pieces(_ bytes: ByteBuffer) -> [ByteBuffer] {
    guard let size = pieceBytes, size > 0 else { return [bytes] }
    var rest = bytes
    var pieces: [ByteBuffer] = []
    while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
      pieces.append(piece)
    }
    return pieces
  }
}
