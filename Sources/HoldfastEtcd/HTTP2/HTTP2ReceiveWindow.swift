/// How much the server may still send, on a stream or on the whole connection.
struct HTTP2ReceiveWindow {
  var size: Int
  /// A WINDOW_UPDATE waits for its turn. Until it is on its way to the socket the window is as small as it was, and every frame that
  /// comes meanwhile would ask for the same again.
  var isOpening = false

  init(_ size: Int) { self.size = size }

  /// The WINDOW_UPDATE is on its way. Of streams NIOHTTP2 tells as well what the window is then, of the connection it does not.
  mutating func opened(by increment: Int) {
    isOpening = false
    size += increment
  }

  /// By how much to open it, nil when that is not worth a frame. The caller writes the WINDOW_UPDATE.
  mutating func increment(to whole: Int) -> Int? {
    guard !isOpening, size <= whole / 2 else { return nil }
    isOpening = true
    return whole - size
  }
}
