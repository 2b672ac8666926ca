package import HoldfastCore

/// A member of the cluster by its own word: what its answer to `Status` said of it.
package struct MemberIdentity: Hashable, Sendable {
  package var memberID: UInt64
  package var version: ServerVersion

  package init(memberID: UInt64, version: ServerVersion) {
    self.memberID = memberID
    self.version = version
  }
}

/// Whether the answers to requests for progress on one stream count: that depends on the version of the member that serves
/// the stream, and on no other's.
///
/// The calls of one connection need not reach one member: a proxy or load balancer may spread them. So an answer to
/// `Status` is believed only where it names the member that created the watch.
struct StreamTrust: Hashable, Sendable {
  /// The member that created the watch, of which the stream is now a part.
  var creator: UInt64 = 0
  /// Who answered to `Status`, on the same connection.
  var identity: MemberIdentity?
  /// Whether the stream has had an event.
  var hadEvents = false

  var isIdentified: Bool { identity != nil }

  /// Whether everything that an answer covers comes before it.
  var ordersRequestedProgress: Bool { version?.ordersRequestedProgress ?? false }

  /// Whether a request for progress can expect an answer now.
  var answersProgressRequests: Bool { hadEvents || !(version?.ignoresProgressRequestsWhenIdle ?? false) }

  private var version: ServerVersion? {
    // No member has the id 0: it is what a header without one says.
    guard let identity, creator != 0, identity.memberID == creator else { return nil }
    return identity.version
  }
}
