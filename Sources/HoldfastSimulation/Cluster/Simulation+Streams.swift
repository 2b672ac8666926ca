import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// The server's side of watch streams.
extension Simulation {
  private func pickStream(_ isWanted: (SimulatedStream) -> Bool) -> Int? {
    choices.pick(streams.indices.filter { isWanted(streams[$0]) })
  }

  /// A member does what is next on one of its streams: it answers a request, or sends a batch to a watch that catches up.
  func serveStream() -> Bool {
    guard
      let index = pickStream({ stream in
        cluster.members[stream.member].isUp
          && (!stream.requests.isEmpty || stream.watcher.map { !$0.isSynced } ?? false)
      })
    else { return false }
    if streams[index].requests.isEmpty {
      sendBatch(index)
    } else {
      switch streams[index].requests.removeFirst() {
      case .create(let id, let from): create(index, id, from)
      case .requestProgress: answerProgress(index)
      }
    }
    return true
  }

  private func header(_ member: Int) -> ResponseHeader { cluster.members[member].store.header }

  private func create(_ index: Int, _ id: Int64, _ from: Revision?) {
    let store = cluster.members[streams[index].member].store
    let start = from ?? store.revision.next
    var message = WatchMessage(header: store.header, watchID: id)
    message.created = true
    streams[index].messages.append(message)
    if let compacted = store.compactRevision, start < compacted { return cancel(index, id, compacted: compacted) }
    streams[index].watcher = SimulatedStream.Watcher(
      id: id, position: start, start: start, isSynced: start > store.revision)
  }

  private func cancel(_ index: Int, _ id: Int64, compacted: Revision) {
    var message = WatchMessage(header: ResponseHeader(revision: .zero), watchID: id)
    message.canceled = true
    message.compactRevision = compacted
    streams[index].messages.append(message)
    streams[index].watcher = nil
  }

  private func sendBatch(_ index: Int) {
    guard var watcher = streams[index].watcher else { return }
    let store = cluster.members[streams[index].member].store
    do {
      let events = try store.events(in: streams[index].range, from: watcher.position, revisions: batchRevisions)
      if let last = events.last {
        send(events, to: index)
        watcher.hadEvents = true
        watcher.position = last.modRevision.next
        watcher.isSynced = watcher.position > store.revision
      } else {
        watcher.position = max(watcher.position, store.revision.next)
        watcher.isSynced = true
      }
      streams[index].watcher = watcher
    } catch {
      cancel(index, watcher.id, compacted: store.compactRevision ?? .zero)
    }
  }

  /// Tells the watches that keep up what the member has just applied.
  func push(_ member: Int) {
    let store = cluster.members[member].store
    for index in streams.indices where streams[index].member == member {
      guard var watcher = streams[index].watcher, watcher.isSynced, watcher.position <= store.revision else { continue }
      // A watch that keeps up has not been compacted away.
      let events = (try? store.events(in: streams[index].range, from: watcher.position, revisions: 1_000)) ?? []
      if !events.isEmpty {
        send(events, to: index)
        watcher.hadEvents = true
      }
      watcher.position = store.revision.next
      streams[index].watcher = watcher
    }
  }

  private func send(_ events: [WatchEvent], to index: Int) {
    guard let watcher = streams[index].watcher else { return }
    var message = WatchMessage(header: header(streams[index].member), watchID: watcher.id)
    message.events = events.map { WatchMessage.Event($0.kind == .put ? .put : .delete, $0.keyValue) }
    if events.count > 1, choices.chance(20) {
      inject(.fragment)
      let split = 1 + choices.pick(events.count - 1)
      var first = message
      first.events = Array(message.events[..<split])
      first.fragment = true
      message.events = Array(message.events[split...])
      streams[index].messages.append(first)
    } else if cluster.profile.repeatsEvents, choices.chance(10) {
      inject(.repeatedEvents)
      streams[index].messages.append(message)
    }
    streams[index].messages.append(message)
  }

  private func answerProgress(_ index: Int) {
    guard let watcher = streams[index].watcher else { return }
    if cluster.profile.isSilentWhenIdle, !watcher.hadEvents { return }
    if !watcher.isSynced {
      guard cluster.profile.progressOvertakesEvents else { return }
      inject(.earlyProgress)
    }
    streams[index].messages.append(
      WatchMessage(header: header(streams[index].member), watchID: WatchMessage.broadcastID))
  }

  /// The server's timer: progress, in order with the events.
  func reportProgress() -> Bool {
    guard let index = pickStream({ $0.watcher?.isSynced ?? false }) else { return false }
    return reportProgress(on: index)
  }

  func reportProgress(on index: Int) -> Bool {
    guard let watcher = streams[index].watcher, watcher.isSynced else { return false }
    let header = header(streams[index].member)
    if watcher.start > header.revision.next, !cluster.profile.progressBelowStart { return false }
    streams[index].messages.append(WatchMessage(header: header, watchID: watcher.id))
    return true
  }

  /// A watch that kept up falls behind: from now on it is sent batches.
  func desyncWatch() -> Bool {
    guard let index = pickStream({ $0.watcher?.isSynced ?? false }) else { return false }
    inject(.slowWatcher)
    streams[index].watcher?.isSynced = false
    return true
  }

  func breakStream() -> Bool {
    guard let index = pickStream({ $0.failure == nil }) else { return false }
    inject(.streamBroken)
    fail(&streams[index], CallFailure(.unavailable, "stream reset", progress: .unknown))
    return true
  }

  func silenceStream() -> Bool {
    guard let index = pickStream({ !$0.isBlackHole && $0.failure == nil }) else { return false }
    inject(.streamSilent)
    streams[index].isBlackHole = true
    return true
  }

  func cancelWatch() -> Bool {
    guard let index = pickStream({ $0.watcher != nil }), let watcher = streams[index].watcher else { return false }
    inject(.watchCancelled)
    var message = WatchMessage(
      header: header(streams[index].member),
      watchID: cluster.profile.cancelsUnderOwnID ? watcher.id : WatchMessage.broadcastID)
    message.canceled = true
    message.cancelReason = choices.chance(50) ? "etcdserver: no leader" : ""
    streams[index].messages.append(message)
    streams[index].watcher = nil
    return true
  }
}
