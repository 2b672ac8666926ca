import HoldfastCore
import HoldfastEtcdMachines
import Testing

@Suite struct TLSFailureTests {
  private static func circumstances(
    identity: Bool = false, validity: ClosedRange<Int>? = 100...200, now: Int = 150, name: String? = "etcd.example"
  ) -> TLSFailure.Circumstances {
    TLSFailure.Circumstances(name: name, hasIdentity: identity, validity: validity, now: now)
  }

  struct Row: Sendable {
    var text: String
    var circumstances = TLSFailureTests.circumstances()
    var parts: [String]
    var isPermanent = true
  }

  static let rows: [Row] = [
    Row(text: "CERTIFICATE_VERIFY_FAILED", parts: ["not trusted", "tls.trustRoots"]),
    Row(text: "CERTIFICATE_VERIFY_FAILED", circumstances: circumstances(validity: nil), parts: ["not trusted"]),
    Row(text: "CERTIFICATE_VERIFY_FAILED", circumstances: circumstances(now: 201), parts: ["is expired", "renew"]),
    Row(text: "CERTIFICATE_VERIFY_FAILED", circumstances: circumstances(now: 99), parts: ["not valid yet", "clocks"]),
    Row(text: "failedToValidateHostname", parts: ["the name \"etcd.example\"", "tls.serverName"]),
    Row(
      text: "NIOSSLExtraError.failedToValidateHostname: Couldn't find <none> in certificate from peer",
      circumstances: circumstances(name: nil), parts: ["the address", "tls.serverName"]),
    Row(text: "TLSV1_ALERT_CERTIFICATE_REQUIRED", parts: ["wants a client certificate", "tls.identity"]),
    Row(text: "SSLV3_ALERT_BAD_CERTIFICATE", parts: ["wants a client certificate", "tls.identity"]),
    Row(
      text: "SSLV3_ALERT_BAD_CERTIFICATE", circumstances: circumstances(identity: true),
      parts: ["does not accept our client certificate"]),
    Row(text: "TLSV1_ALERT_UNKNOWN_CA", circumstances: circumstances(identity: true), parts: ["does not accept our"]),
    Row(text: "SSLV3_ALERT_CERTIFICATE_EXPIRED", circumstances: circumstances(identity: true), parts: ["renew it"]),
    Row(text: "WRONG_VERSION_NUMBER", parts: ["speaks no TLS", "http://"]),
    Row(text: "HTTP_REQUEST", parts: ["speaks no TLS"]),
    Row(text: "TLSV1_ALERT_PROTOCOL_VERSION", parts: ["tls.minimumVersion"]),
    Row(text: "SSLV3_ALERT_HANDSHAKE_FAILURE", parts: ["in common"]),
    // A server that is just being ended looks the same.
    Row(text: "EOF during handshake", parts: ["may speak no TLS", "http://"], isPermanent: false),
    Row(text: "SOMETHING_NEW", parts: ["SOMETHING_NEW"], isPermanent: false),
  ]

  @Test(arguments: rows) func causeAndRemedy(_ row: Row) {
    let failure = TLSFailure(row.text, in: row.circumstances)
    for part in row.parts { #expect(failure.message.contains(part), "\(failure)") }
    #expect(failure.isPermanent == row.isPermanent)
  }

  private static var permanent: CallFailure {
    var failure = CallFailure(.unavailable, "expired", progress: .notProcessed)
    failure.isTLSFailure = true
    return failure
  }

  /// Each endpoint may have a certificate of its own; when all have failed there is nothing to wait for.
  @Test(arguments: RetryMachine.Kind.allCases, [1, 3]) func callsEndWithTheLastEndpoint(
    kind: RetryMachine.Kind, endpoints: Int
  ) {
    var machine = RetryMachine(kind, timeout: .seconds(5), endpoints: endpoints)
    _ = machine.handle(.start(now: .zero))
    for _ in 1..<endpoints {
      #expect(machine.handle(.failed(Self.permanent, now: .zero)) == [.leaveEndpoint(resumes: true)])
      _ = machine.handle(.mayResume(after: .zero, now: .zero))
    }
    guard case .fail(let error)? = machine.handle(.failed(Self.permanent, now: .zero)).last else {
      Issue.record("it is tried for ever")
      return
    }
    #expect(error.code == .tlsFailed && error.outcome == (kind == .read ? nil : .refused))
  }

  @Test func anEndpointThatIsOnlyAwayMayComeBack() {
    var machine = RetryMachine(.read, timeout: .seconds(5), endpoints: 2)
    _ = machine.handle(.start(now: .zero))
    let away = CallFailure(.unavailable, "away", progress: .notProcessed)
    for failure in [Self.permanent, away, Self.permanent, away] {
      #expect(machine.handle(.failed(failure, now: .zero)) == [.leaveEndpoint(resumes: true)])
    }
  }

  @Test func watchesEndWithTheLastEndpoint() {
    var machine = WatchMachine(range: .prefix("/a/"), from: nil, endpoints: 2)
    _ = machine.handle(.start)
    let first = machine.handle(.failed(Self.permanent, jitter: 1))
    #expect(first.first == .leaveEndpoint && first.failure == nil && first.interruption?.code == .tlsFailed)
    _ = machine.handle(.waited)
    #expect(machine.handle(.failed(Self.permanent, jitter: 1)).failure?.code == .tlsFailed)
  }
}

/// A watch whose token the server does not accept.
@Suite struct WatchTokenTests {
  private func refusal(_ id: Int64) -> WatchMachine.Input {
    var message = WatchMessage(header: ResponseHeader(revision: 1), watchID: id)
    message.created = true
    message.canceled = true
    message.cancelReason = "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
    return .message(message)
  }

  @Test func aRefusedCreateGetsOneMoreToken() {
    var machine = WatchMachine(range: .prefix("/a/"), from: nil, renewsToken: true)
    _ = machine.handle(.start)
    _ = machine.handle(.opened)
    let first = machine.handle(refusal(1))
    #expect(first.prefix(2) == [.renewToken, .leaveEndpoint] && first.interruption?.code == .permissionDenied)
    _ = machine.handle(.waited)
    _ = machine.handle(.opened)
    #expect(machine.handle(refusal(2)).failure?.code == .permissionDenied, "with a new token it is the last word")
  }

  @Test func withoutCredentialsItIsTheLastWordAtOnce() {
    var machine = WatchMachine(range: .prefix("/a/"), from: nil)
    _ = machine.handle(.start)
    _ = machine.handle(.opened)
    #expect(machine.handle(refusal(1)).failure?.code == .permissionDenied)
  }

  @Test func aWatchThatStoodMayRenewAgain() {
    var machine = WatchMachine(range: .prefix("/a/"), from: nil, renewsToken: true)
    _ = machine.handle(.start)
    for round in 0..<3 {
      _ = machine.handle(.opened)
      #expect(machine.handle(refusal(Int64(2 * round + 1))).first == .renewToken)
      _ = machine.handle(.waited)
      _ = machine.handle(.opened)
      var created = WatchMessage(header: ResponseHeader(revision: 1), watchID: Int64(2 * round + 2))
      created.created = true
      #expect(machine.handle(.message(created)).first == .keepEndpoint)
      _ = machine.handle(.failed(CallFailure(.unavailable, "gone", progress: .unknown), jitter: 1))
      _ = machine.handle(.waited)
    }
  }
}
