import TestSupport
import Testing

/// Group 3: the network, in each direction by itself.
extension Faults {
  enum NetworkFault: String, CaseIterable, Sendable {
    case delay, chop, reset, finish, blackHole, silentServer, deafServer, refuse, unknownWrites
  }

  @Suite(.serialized) struct Group03 {
    static let cases = NetworkFault.allCases.enumerated().flatMap { index, fault in
      Matrix.kinds(turn: index).map { (fault, $0) }
    }

    @Test(arguments: cases) func theNetwork(fault: NetworkFault, kind: ServerKind) async throws {
      try await FaultRun(name: "3 network: \(fault.rawValue)", kind: kind) { stage in
        let proxies = stage.proxiesOfFirst
        switch fault {
        case .delay:
          for direction in TCPProxy.Direction.allCases {
            for proxy in proxies { proxy.delay(.milliseconds(40), direction) }
            try await stage.acknowledgements(40)
            for proxy in proxies { proxy.delay(.zero, direction) }
          }
        case .chop:
          for size in [1, 3, 7, 64] {
            for proxy in proxies { proxy.chop(size) }
            try await stage.acknowledgements(30)
          }
        case .reset, .finish:
          for _ in 0..<10 {
            for proxy in proxies { await proxy.cut(fault == .reset ? .reset : .finish) }
            try await stage.attempts(15)
          }
        case .blackHole, .silentServer, .deafServer:
          let direction: TCPProxy.Direction? =
            switch fault {
            case .silentServer: .toClient
            case .deafServer: .toServer
            default: nil
            }
          for proxy in proxies { proxy.pause(direction) }
          try await stage.attempts(10)
          // A server that hears nothing may go on sending events: then the caches follow.
          if fault != .deafServer { try await stage.firstCachesNotice() }
          for proxy in proxies { proxy.resume(direction) }
        case .refuse:
          try await stage.whileFirstIsCutOff {
            try await stage.attempts(30)
            try await stage.firstCachesNotice()
          }
        case .unknownWrites:
          for _ in 0..<8 {
            // Applied, and the answer never comes.
            for proxy in proxies { proxy.pause(.toClient) }
            try await stage.attempts(6)
            for proxy in proxies { await proxy.cut() }
            for proxy in proxies { proxy.resume(.toClient) }
            try await stage.acknowledgements(10)
          }
          let unknown = stage.recorder.history.writes.filter { $0.outcome == .unknown }
          #expect(!unknown.isEmpty, "no answer was cut off")
        }
      }
    }
  }
}
