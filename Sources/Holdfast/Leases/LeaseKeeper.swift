import HoldfastCore
import Logging

/// Acts for a ``LeaseMachine``: asks the store and sleeps.
struct LeaseKeeper: Sendable {
  private let backend: any Backend
  private let ttl: Duration
  private let configuration: LeaseConfiguration
  private let logger: Logger
  private var machine: LeaseMachine
  /// What is left to do of what the machine wanted.
  private var actions: [LeaseMachine.Action] = []

  init(_ backend: any Backend, ttl: Duration, configuration: LeaseConfiguration, logger: Logger) {
    self.backend = backend
    self.ttl = ttl
    self.configuration = configuration
    self.logger = logger
    machine = LeaseMachine(ttl: ttl, grantTimeout: configuration.grantTimeout)
  }

  /// A new lease.
  mutating func grant() async throws -> Lease {
    actions = handle(.start(LeaseID(.random(in: 1 ... .max))))
    while true {
      switch await act() {
      case .hold(let lease): return lease
      case .fail(let error), .lost(let error): throw error
      default: continue
      }
    }
  }

  /// Keeps the lease alive until it is lost, which is returned, or the task is cancelled.
  mutating func keep() async -> HoldfastError? {
    while !Task.isCancelled {
      if case .lost(let error) = await act() { return error }
    }
    return nil
  }

  func end(_ lease: Lease) async {
    if let error = await backend.end(lease.id, within: configuration.revokeTimeout, configuration.time) {
      logger.info("A lease is left to expire", metadata: ["lease": "\(lease.id)", "error": "\(error)"])
    }
  }

  private mutating func act() async -> LeaseMachine.Action? {
    guard !actions.isEmpty else { return .fail(HoldfastError(.internal, "the lease came to no end")) }
    let action = actions.removeFirst()
    let time = configuration.time
    switch action {
    case .grant(let id):
      do {
        actions += handle(.answered(try await backend.grantLease(id: id, ttl: ttl)))
      } catch {
        actions += handle(.failed(error))
      }
    case .keepAlive(let id, let limit, let deadline):
      do {
        let answer = try await withTimeout(deadline - time.now(), time) { [backend] in
          try await backend.keepLeaseAlive(id, within: limit)
        }
        let late = HoldfastError(.timeout, "a keep-alive was not answered")
        actions += handle(answer.map { .answered($0) } ?? .failed(late))
      } catch {
        actions += handle(.failed(HoldfastError(wrapping: error)))
      }
    case .wait(let until):
      do {
        try await time.sleep(until)
        actions += handle(.woken)
      } catch {
        actions += handle(.failed(HoldfastError(.cancelled, "the task was cancelled", outcome: .refused)))
      }
    case .revoke(let id): _ = await backend.end(id, within: configuration.revokeTimeout, time)
    case .hold, .fail, .lost: break
    }
    return action
  }

  private mutating func handle(_ input: LeaseMachine.Input) -> [LeaseMachine.Action] {
    machine.handle(input, now: configuration.time.now(), jitter: .random(in: 0..<1))
  }
}
