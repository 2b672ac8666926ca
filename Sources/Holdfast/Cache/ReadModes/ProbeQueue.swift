import HoldfastCore

/// Those who want to know how far the store is.
final class ProbeQueue: Sendable {
  struct Answer: Sendable {
    let header: ResponseHeader
    let epoch: Int
  }

  private struct Content {
    var isOpen = false
    var sharing = ProbeSharing()
  }

  private let list: WaitList<Content, Answer>
  /// Somebody has asked.
  let requests = Mailbox<Void>()

  init(_ time: TimeSource) {
    list = WaitList(Content(), time) { $0.sharing.leave($1) }
  }

  func open() { list.withContent { $0.isOpen = true } }

  /// Nobody sends probes any more.
  func close() { list.wakeAll(with: .failure(Self.closed)) { $0 = Content() } }

  fileprivate static var closed: HoldfastError { HoldfastError(.stopped, "the cache has been stopped") }

  /// Sends a probe whose answer nobody waits for.
  func nudge() {
    list.withContent { if $0.isOpen { $0.sharing.ask(0) } }
    requests.put(())
  }

  /// The answer to a quorum read that is sent after this call; nil when it has not come in time.
  func ask(until deadline: Duration? = nil) async throws -> Answer? {
    try await list.wait(until: deadline) { content, id in
      if !content.isOpen { return .failure(Self.closed) }
      content.sharing.ask(id)
      // Whoever is under way looks again.
      if content.sharing.isDue { requests.put(()) }
      return nil
    }
  }

  /// Whether somebody waits; then a probe must be made and sent after this.
  func send() -> Bool {
    list.withContent { content in
      guard content.sharing.isDue else { return false }
      content.sharing.send()
      return true
    }
  }

  func end(_ result: Result<Answer, any Error>) { list.wake(with: result) { $0.sharing.end() } }
}

extension Cache {
  /// Sends the probes that somebody asks for, one after the other.
  func answerProbes() async {
    while !Task.isCancelled {
      await probes.requests.wait()
      _ = probes.requests.take()
      while !Task.isCancelled, probes.send() {
        let probe = makeProbe()
        do {
          let answer = try await store.backend.range(probe.request)
          handle(.probed(probe, answer))
          probes.end(.success(ProbeQueue.Answer(header: answer.header, epoch: probe.epoch)))
        } catch {
          handle(.probeFailed(error, epoch: probe.epoch))
          // That this task is not wanted any more is not the readers' error.
          probes.end(.failure(Task.isCancelled ? ProbeQueue.closed : error))
        }
      }
    }
  }

  /// Asks now and then, and looks whether the answers confirm what the cache holds.
  func watchOver() async {
    let time = configuration.time
    while !Task.isCancelled {
      // Whatever the answer is, or if there is none: the machine goes by what it was told.
      _ = try? await probes.ask(until: time.now() + configuration.staleAfter)
      handle(.lookAfter(now: time.now(), limit: configuration.staleAfter))
      try? await time.sleep(time.now() + configuration.probeInterval)
    }
  }
}
