package import NIOCore
import NIOPosix
import Synchronization

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The addresses of names, each time beginning with the one after that with which connecting failed.
///
/// NIO connects to them one after the other until TCP stands. A server that accepts and then says nothing would be met again and
/// again: the turn is what leads to the next address.
package final class AddressLookup: Sendable {
  package enum Family: Sendable { case v4, v6 }
  package typealias LookUp = @Sendable (_ host: String, _ port: Int, Family) throws -> [SocketAddress]

  private let lookUp: LookUp
  private let turns = Mutex<[String: Int]>([:])

  package init(_ lookUp: @escaping LookUp = AddressLookup.system) { self.lookUp = lookUp }

  /// Connecting to one of the name's addresses failed.
  func advance(_ host: String) { turns.withLock { $0[host, default: 0] &+= 1 } }

  func resolver(on eventLoop: any EventLoop) -> any Resolver & Sendable {
    Queries(eventLoop: eventLoop) { [self] host, port, family in
      let addresses = try lookUp(host, port, family)
      guard !addresses.isEmpty else { return [] }
      let first = turns.withLock { Int($0[host, default: 0].magnitude) } % addresses.count
      return Array(addresses[first...] + addresses[..<first])
    }
  }

  /// What the system says, in its order.
  package static let system: LookUp = { host, port, family in
    var hints = addrinfo()
    hints.ai_family = family == .v4 ? AF_INET : AF_INET6
    #if canImport(Darwin)
      hints.ai_socktype = SOCK_STREAM
    #else
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, "\(port)", &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard status == 0 else { throw LookupFailure(text: String(cString: gai_strerror(status))) }
    return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
      // The system's own structures, of the family that was asked for.
      guard let address = entry?.pointee.ai_addr else { return nil }
      return switch family {
      case .v4: address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee, host: host) }
      case .v6: address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee, host: host) }
      }
    }
  }
}

/// Why a name has no address.
private struct LookupFailure: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}

/// The lookups of one attempt to connect, on threads where blocking harms nobody.
private struct Queries: Resolver, Sendable {
  let eventLoop: any EventLoop
  let lookUp: AddressLookup.LookUp

  func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { query(host, port, .v4) }

  func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { query(host, port, .v6) }

  /// Nobody can interrupt the system.
  func cancelQueries() {}

  private func query(
    _ host: String, _ port: Int, _ family: AddressLookup.Family
  ) -> EventLoopFuture<[SocketAddress]> {
    NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try lookUp(host, port, family) }
  }
}
