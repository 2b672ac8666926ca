import NIOHPACK
import NIOHTTP2
import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  @Suite struct Statuses {
    private let call = RPCCall(path: "/test/Call")

    private func errorOf(script: @escaping @Sendable (Responder) -> Void) async throws -> RPCError? {
      var seen: RPCError?
      try await withServer(script: { cue, responder in
        if case .end = cue { script(responder) }
      }) { connection, _ in
        seen = await failure { try await connection.unary(call, [1]) }
        #expect(connection.isUsable)
      }
      return seen
    }

    @Test(arguments: [3, 5, 11, 14, 16])
    func trailersOnly(status: Int) async throws {
      let error = try await errorOf { $0.trailersOnly(status: status, message: "etcdserver: no%20way %E2%82%AC") }
      #expect(error?.code.rawValue == status)
      #expect(error?.message == "etcdserver: no way €")
      #expect(error?.progress == .answered)
    }

    @Test func trailersAfterAMessage() async throws {
      let error = try await errorOf {
        $0.headers()
        $0.message([1])
        $0.trailers(status: 8, message: "enough")
      }
      #expect(error?.code == .resourceExhausted)
      #expect(error?.progress == .answered)
    }

    @Test func anAnswerWithoutAnHTTPStatus() {
      var response = GRPCResponse(limit: 10)
      guard case .ended(let error?) = response.receive(["content-type": "application/grpc"], isLast: false) else {
        Issue.record("there is nothing to wait for")
        return
      }
      #expect(error.message.contains("HTTP status none") && error.progress == .unknown)
    }

    @Test func aStatusThatIsNotInTheList() async throws {
      let error = try await errorOf { $0.trailersOnly(status: 99) }
      #expect(error?.code == .unknown)
      #expect(error?.progress == .answered)
    }

    @Test func noStatus() async throws {
      let ends: [@Sendable (Responder) -> Void] = [
        { $0.trailersOnly(status: nil) },
        {
          $0.headers()
          $0.message([1])
          $0.trailers(status: nil)
        },
        {
          $0.headers()
          $0.raw([0, 0, 0, 0, 0], endStream: true)
        },
      ]
      for end in ends {
        let error = try await errorOf(script: end)
        #expect(error?.code == .unknown)
        #expect(error?.message.contains("grpc-status") == true)
        #expect(error?.progress == .unknown)
      }
    }

    @Test(arguments: [
      ("400", RPCError.Code.internal), ("401", .unauthenticated), ("403", .permissionDenied), ("404", .unimplemented),
      ("429", .unavailable), ("503", .unavailable), ("500", .unknown), ("302", .unknown),
    ])
    func httpStatus(status: String, code: RPCError.Code) async throws {
      let withBody = try await errorOf {
        $0.headers(status: status, contentType: "text/html")
        $0.raw(Array("<html>".utf8), endStream: true)
      }
      #expect(withBody?.code == code)
      #expect(withBody?.message.contains(status) == true)
      let bare = try await errorOf { $0.trailersOnly(status: nil, httpStatus: status) }
      #expect(bare?.code == code)
    }

    @Test func notGRPC() async throws {
      let error = try await errorOf { $0.headers(contentType: "application/json") }
      #expect(error?.code == .unknown)
      #expect(error?.message.contains("application/json") == true)
    }

    @Test(arguments: [
      (HTTP2ErrorCode.refusedStream, RPCError.Code.unavailable, RPCError.Progress.notProcessed),
      (.cancel, .cancelled, .unknown),
      (.enhanceYourCalm, .resourceExhausted, .unknown),
      (.inadequateSecurity, .permissionDenied, .unknown),
      (.internalError, .internal, .unknown),
      (.noError, .internal, .unknown),
    ])
    func resets(reason: HTTP2ErrorCode, code: RPCError.Code, progress: RPCError.Progress) async throws {
      let error = try await errorOf { $0.reset(reason) }
      #expect(error?.code == code)
      #expect(error?.progress == progress)
    }
  }
}
