/// The numbers of RFC 9113 that a client needs.
enum HTTP2Wire {
  /// What a client says first, before its SETTINGS.
  static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
  static let headerLength = 9
  /// The largest payload that may be sent before the other side allows more. We never allow more.
  static let defaultFrameSize = 16_384
  static let largestFrameSize = (1 << 24) - 1
  /// The window of everything that nobody has said anything else about.
  static let defaultWindow = 65_535
  static let largestWindow = Int(Int32.max)
  static let defaultTableSize = 4_096
  /// Of stream numbers and window sizes: the bit above is reserved, and to be ignored.
  static let low31Bits: UInt32 = 0x7fff_ffff

  enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let resetStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
  }

  enum Flag {
    static let acknowledges: UInt8 = 0x01
    static let endStream: UInt8 = 0x01
    static let endHeaders: UInt8 = 0x04
    static let padded: UInt8 = 0x08
    static let priority: UInt8 = 0x20
  }

  enum Setting {
    static let headerTableSize: UInt16 = 1
    static let enablePush: UInt16 = 2
    static let maximumStreams: UInt16 = 3
    static let initialWindow: UInt16 = 4
    static let maximumFrameSize: UInt16 = 5
    static let maximumHeaderList: UInt16 = 6
  }
}

/// Why a stream was reset or a connection ends: RFC 9113's error codes, and whatever else a server may send.
struct HTTP2Reason: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  var rawValue: UInt32

  static let noError = HTTP2Reason(rawValue: 0)
  static let protocolError = HTTP2Reason(rawValue: 1)
  static let internalError = HTTP2Reason(rawValue: 2)
  static let flowControlError = HTTP2Reason(rawValue: 3)
  static let streamClosed = HTTP2Reason(rawValue: 5)
  static let frameSizeError = HTTP2Reason(rawValue: 6)
  static let refusedStream = HTTP2Reason(rawValue: 7)
  static let cancel = HTTP2Reason(rawValue: 8)
  static let compressionError = HTTP2Reason(rawValue: 9)
  static let enhanceYourCalm = HTTP2Reason(rawValue: 11)
  static let inadequateSecurity = HTTP2Reason(rawValue: 12)
  static let http11Required = HTTP2Reason(rawValue: 13)

  private static let names = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  ]

  var description: String {
    rawValue < Self.names.count ? Self.names[Int(rawValue)] : "error \(rawValue)"
  }
}

/// The server broke the protocol in a way that ends the connection.
struct HTTP2Violation: Error, CustomStringConvertible {
  var reason: HTTP2Reason
  var description: String

  init(_ reason: HTTP2Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }
}
