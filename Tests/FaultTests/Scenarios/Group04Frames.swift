import TestSupport
import Testing

/// Group 4: cuts and injections inside of HTTP/2.
extension Faults {
  @Suite(.serialized) struct Group04 {
    /// Anywhere in a frame, between `created` and the first event, in the midst of a header.
    @Test(arguments: Matrix.kinds(turn: 3)) func cutAtAnyByte(kind: ServerKind) async throws {
      try await FaultRun(name: "4 cut at any byte", kind: kind) { stage in
        for round in 0..<24 {
          for proxy in stage.proxiesOfFirst {
            // From within the first SETTINGS frame on.
            proxy.cut(after: round < 12 ? 20 + round * 23 : Int.random(in: 1...3_000), .toClient)
            if round.isMultiple(of: 3) { proxy.cut(after: Int.random(in: 1...2_000), .toServer) }
          }
          try await stage.attempts(12)
        }
      }
    }

    @Test(arguments: Matrix.kinds(turn: 4)) func goAway(kind: ServerKind) async throws {
      try await FaultRun(name: "4 GOAWAY injected", kind: kind) { stage in
        for _ in 0..<6 {
          for proxy in stage.proxiesOfFirst { proxy.inject(.goAway) }
          try await stage.attempts(25)
        }
      }
    }

    /// NO_ERROR, INTERNAL_ERROR, CANCEL, ENHANCE_YOUR_CALM. (REFUSED_STREAM would be a lie: the server has looked at it.)
    @Test(arguments: Matrix.kinds(turn: 5)) func resetStream(kind: ServerKind) async throws {
      try await FaultRun(name: "4 RST_STREAM injected", kind: kind) { stage in
        for code in [0, 2, 8, 11] as [UInt32] {
          for proxy in stage.proxiesOfFirst { proxy.inject(.resetStreams(code: code)) }
          try await stage.attempts(25)
        }
      }
    }

    /// A catch-up of large values comes in fragments, and the connection ends between them again and again.
    @Test(arguments: Matrix.kinds(turn: 0)) func cutBetweenFragments(kind: ServerKind) async throws {
      try await FaultRun(name: "4 cut between fragments", kind: kind) { stage in
        try await stage.whileFirstIsCutOff {
          let member = try await stage.witness.servingMember()
          let pad = String(repeating: "x", count: 8_000)
          for number in 0..<500 {
            let id = "big/\(number % 50)"
            let value = #"{"id":"\#(id)","token":\#(stage.recorder.token()),"pad":"\#(pad)"}"#
            try await member.put(key: Witness.thingsPrefix + id, value: value)
          }
          for proxy in stage.proxiesOfFirst { proxy.cut(after: 1_700_000, .toClient) }
        }
        for _ in 0..<4 {
          try await stage.attempts(25)
          for proxy in stage.proxiesOfFirst { proxy.cut(after: 1_700_000, .toClient) }
        }
      }
    }
  }
}
