import HoldfastCore
import NIOHPACK

/// The HEADERS of a request.
enum GRPCHeaders {
  static func request(
    _ call: RPCCall, to endpoint: Endpoint, userAgent: String
  ) throws(RPCError) -> HPACKHeaders {
    var headers = HPACKHeaders()
    headers.reserveCapacity(8 + call.metadata.count)
    headers.add(name: ":method", value: "POST")
    headers.add(name: ":scheme", value: endpoint.usesTLS ? "https" : "http")
    headers.add(name: ":path", value: call.path)
    headers.add(name: ":authority", value: endpoint.authority)
    headers.add(name: "te", value: "trailers")
    headers.add(name: "content-type", value: "application/grpc")
    headers.add(name: "user-agent", value: userAgent)
    if let timeout = call.timeout, !call.runsToItsEnd {
      // Its values rarely repeat: indexed they would push what does repeat out of the compression table.
      headers.add(name: "grpc-timeout", value: encode(timeout: timeout), indexing: .nonIndexable)
    }
    if let token = call.token?.exposed {
      guard isValue(token) else {
        throw RPCError(.unauthenticated, "The server's token cannot be sent.", progress: .notProcessed)
      }
      headers.add(name: "token", value: token, indexing: .neverIndexed)
    }
    for (name, value) in call.metadata {
      // HTTP/2 would refuse them too, but as an error of the whole connection.
      guard isName(name), isValue(value) else {
        throw RPCError(.invalidArgument, "The metadata \"\(name)\" cannot be sent.", progress: .notProcessed)
      }
      headers.add(name: name, value: value)
    }
    return headers
  }

  private static func isValue(_ value: String) -> Bool { value.utf8.allSatisfy { (0x20...0x7e).contains($0) } }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || [0x2d, 0x2e, 0x5f].contains(byte)
      }
  }

  /// `grpc-timeout`: at most eight digits and a unit. Rounded up, so that the server never gives up before we do.
  static func encode(timeout: Duration) -> String {
    let (seconds, attoseconds) = timeout.components
    guard seconds >= 0, attoseconds >= 0 else { return "0n" }
    let largest: Int64 = 99_999_999
    if seconds < largest / 1_000_000 {
      let microseconds = seconds * 1_000_000 + roundedUp(attoseconds, by: 1_000_000_000_000)
      return "\(microseconds)u"
    }
    if seconds < largest / 1_000 {
      return "\(seconds * 1_000 + roundedUp(attoseconds, by: 1_000_000_000_000_000))m"
    }
    let whole = seconds + (attoseconds > 0 && seconds < .max ? 1 : 0)
    if whole <= largest { return "\(whole)S" }
    if whole <= largest * 60 { return "\(roundedUp(whole, by: 60))M" }
    return "\(min(roundedUp(whole, by: 3_600), largest))H"
  }

  private static func roundedUp(_ value: Int64, by divisor: Int64) -> Int64 {
    value / divisor + (value % divisor > 0 ? 1 : 0)
  }
}
