import NIOHPACK
import NIOHTTP2

/// How a call's end is told: by trailers, by an HTTP status, by a reset.
enum GRPCStatus {
  static let missing = RPCError(
    .unknown, "The server ended the call without a grpc-status.", progress: .unknown)

  /// The error in the last HEADERS of an answer, nil for OK.
  static func final(of headers: HPACKHeaders, isTrailersOnly: Bool) -> RPCError? {
    guard let text = headers.first(name: "grpc-status") else {
      // Only the first headers carry an HTTP status: an answer without any message has no others.
      return (isTrailersOnly ? httpError(of: headers) : nil) ?? missing
    }
    // Numbers that are not in the list are to be read as unknown.
    let code = Int(text).flatMap(RPCError.Code.init(rawValue:)) ?? .unknown
    guard code != .ok else { return nil }
    return RPCError(code, percentDecoded(headers.first(name: "grpc-message") ?? ""), progress: .answered)
  }

  /// The error of headers that are not a gRPC answer's, by gRPC's table of HTTP statuses.
  static func httpError(of headers: HPACKHeaders) -> RPCError? {
    let status = headers.first(name: ":status") ?? "none"
    guard status == "200" else {
      let code: RPCError.Code =
        switch status {
        case "400": .internal
        case "401": .unauthenticated
        case "403": .permissionDenied
        case "404": .unimplemented
        case "429", "502", "503", "504": .unavailable
        default: .unknown
        }
      // A proxy may have said it, after the request went through it.
      return RPCError(code, "The server answered with HTTP status \(status), not with gRPC.", progress: .unknown)
    }
    let type = headers.first(name: "content-type") ?? "none"
    guard type.hasPrefix("application/grpc") else {
      return RPCError(
        .unknown, "The server answered with the content type \"\(type)\", not with gRPC.", progress: .unknown)
    }
    return nil
  }

  /// The error of a stream that was reset, by gRPC's table of HTTP/2 error codes.
  static func reset(_ reason: HTTP2ErrorCode) -> RPCError {
    let code: RPCError.Code =
      switch reason {
      case .refusedStream: .unavailable
      case .cancel: .cancelled
      case .enhanceYourCalm: .resourceExhausted
      case .inadequateSecurity: .permissionDenied
      case .streamClosed, .http11Required: .unknown
      default: .internal
      }
    return RPCError(
      code, "The server reset the stream: \(reason).", progress: reason == .refusedStream ? .notProcessed : .unknown)
  }

  /// `grpc-message` is percent-encoded UTF-8. What does not decode is kept as it stands: it is an error's text.
  static func percentDecoded(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    var decoded: [UInt8] = []
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = hexDigit(rest.first), let low = hexDigit(rest.dropFirst().first) {
        decoded.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func hexDigit(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(let byte) where (0x30...0x39).contains(byte): byte - 0x30
    case .some(let byte) where (0x41...0x46).contains(byte): byte - 0x41 + 10
    case .some(let byte) where (0x61...0x66).contains(byte): byte - 0x61 + 10
    default: nil
    }
  }
}
