import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// Requests and answers on their way, in any order.
extension Simulation {
  private func pickPacket(_ isWanted: (Packet) -> Bool) -> Int? {
    choices.pick(packets.indices.filter { isWanted(packets[$0]) })
  }

  func deliverRequest() -> Bool {
    guard let index = pickPacket({ $0.isRequest && canServe($0) }) else { return false }
    let packet = packets.remove(at: index)
    guard case .request(let request) = packet.payload else { return false }
    guard cluster.members[packet.member].isUp else {
      let failure = CallFailure(.unavailable, "connection refused", progress: .notProcessed)
      answered(packet.call, attempt: packet.attempt, .failure(failure), history: oracle.current)
      return true
    }
    var answer = packet
    answer.payload = .answer(serve(request, packet), history: oracle.current)
    packets.append(answer)
    return true
  }

  /// Whether the member can decide: without a quorum it makes the caller wait.
  private func canServe(_ packet: Packet) -> Bool {
    let member = cluster.members[packet.member]
    return !member.isUp || !member.isPartitioned
  }

  private func serve(_ request: CallRequest, _ packet: Packet) -> Result<CallAnswer, CallFailure> {
    let member = packet.member
    if !request.isWrite, calls.contains(where: { $0.id == packet.call && clients[$0.client].isForbidden }) {
      return .failure(CallFailure(.permissionDenied, "etcdserver: permission denied", progress: .answered))
    }
    do {
      switch request {
      case .range(let range):
        if cluster.members[member].staleReads > 0, cluster.members[member].applied < cluster.log.count {
          cluster.members[member].staleReads -= 1
          inject(.staleRead)
          staleCalls.insert(packet.call)
        } else {
          catchUp(member)
        }
        return .success(.range(try cluster.members[member].store.range(range)))
      case .transact(let transaction) where !request.isWrite:
        catchUp(member)
        // It writes nothing: a copy may answer it.
        var store = cluster.members[member].store
        return .success(.transact(try store.transact(transaction)))
      case .transact(let transaction):
        let answer = try cluster.commit(.transact(transaction))
        oracle.follow(cluster.committed, now)
        catchUp(member)
        return answer.map(Result.success) ?? .failure(CallFailure(.internal, "no answer", progress: .answered))
      }
    } catch {
      if (error as? HoldfastError)?.code == .leaseNotFound { inject(.leaseRace) }
      return .failure(Self.failure(of: error))
    }
  }

  /// etcd's words for what the store refuses.
  private static func failure(of error: any Error) -> CallFailure {
    switch (error as? HoldfastError)?.code {
    case .compacted:
      CallFailure(.outOfRange, "etcdserver: mvcc: required revision has been compacted", progress: .answered)
    case .futureRevision:
      CallFailure(.outOfRange, "etcdserver: mvcc: required revision is a future revision", progress: .answered)
    case .leaseNotFound: CallFailure(.notFound, "etcdserver: requested lease not found", progress: .answered)
    default: CallFailure(.invalidArgument, "\(error)", progress: .answered)
    }
  }

  func deliverAnswer() -> Bool {
    guard let index = pickPacket({ !$0.isRequest }) else { return false }
    let packet = packets.remove(at: index)
    guard case .answer(let result, let history) = packet.payload else { return false }
    answered(packet.call, attempt: packet.attempt, result, history: history)
    return true
  }

  func loseRequest() -> Bool {
    guard let index = pickPacket(\.isRequest) else { return false }
    inject(.requestLost)
    packets.remove(at: index)
    return true
  }

  func loseAnswer() -> Bool {
    guard let index = pickPacket({ !$0.isRequest }) else { return false }
    inject(.replyLost)
    packets.remove(at: index)
    return true
  }

  /// The member turns a request away.
  func refuseRequest() -> Bool {
    guard let index = pickPacket(\.isRequest) else { return false }
    inject(.requestRefused)
    let failure =
      choices.chance(50)
      ? CallFailure(.resourceExhausted, "etcdserver: too many requests", progress: .answered)
      : CallFailure(.unavailable, "etcdserver: leader changed", progress: .answered)
    let packet = packets.remove(at: index)
    answered(packet.call, attempt: packet.attempt, .failure(failure), history: oracle.current)
    return true
  }

  /// A connection breaks: the client knows nothing about the call, and the request may yet be served.
  func resetCall() -> Bool {
    let inFlight = calls.filter { if case .inFlight = $0.state { true } else { false } }
    guard let call = choices.pick(inFlight) else { return false }
    inject(.connectionReset)
    let failure = CallFailure(.unavailable, "connection reset", progress: .unknown)
    answered(call.id, attempt: call.attempt, .failure(failure), history: oracle.current)
    return true
  }

  /// A member goes down, and all that was on its way to it or from it with it.
  func dropConnections(of member: Int) {
    let lost = packets.filter { $0.member == member }
    packets.removeAll { $0.member == member }
    let failure = CallFailure(.unavailable, "connection reset", progress: .unknown)
    for index in streams.indices where streams[index].member == member { fail(&streams[index], failure) }
    for packet in lost { answered(packet.call, attempt: packet.attempt, .failure(failure), history: oracle.current) }
  }

  func fail(_ stream: inout SimulatedStream, _ failure: CallFailure) {
    stream.messages = []
    stream.requests = []
    stream.watcher = nil
    stream.isBlackHole = false
    stream.failure = failure
  }
}

extension Packet {
  var isRequest: Bool { if case .request = payload { true } else { false } }
}
