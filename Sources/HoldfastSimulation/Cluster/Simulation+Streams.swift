import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// The server's side of watch streams.
extension Simulation {
  func pickStream(_ isWanted: (SimulatedStream) -> Bool) -> Int? {
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

  func header(_ member: Int) -> ResponseHeader { cluster.members[member].store.header }

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
        watcher.position = send(keeping(events, store), to: index) ?? last.modRevision.next
        watcher.hadEvents = true
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
    for index in streams.indices where streams[index].member == member && streams[index].stalledAt == nil {
      guard var watcher = streams[index].watcher, watcher.isSynced, watcher.position <= store.revision else { continue }
      // A watch that keeps up has not been compacted away.
      let events = (try? store.events(in: streams[index].range, from: watcher.position, revisions: 1_000)) ?? []
      watcher.position = store.revision.next
      if !events.isEmpty {
        watcher.hadEvents = true
        if let again = send(events, to: index) { (watcher.position, watcher.isSynced) = (again, false) }
      }
      streams[index].watcher = watcher
    }
  }

  /// A watch that kept up falls behind: from now on it is sent batches.
  func desyncWatch() -> Bool {
    guard let index = pickStream({ $0.isFollowing }) else { return false }
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
    var message = WatchMessage(header: header(streams[index].member), watchID: watcher.id)
    message.canceled = true
    message.cancelReason = choices.chance(50) ? "etcdserver: no leader" : ""
    streams[index].messages.append(message)
    streams[index].watcher = nil
    return true
  }

  /// A watch is not created: for want of a permission, or because the token has expired.
  func refuseWatch() -> Bool {
    let wanted = pickStream { stream in
      guard case .create? = stream.requests.first else { return false }
      return cluster.members[stream.member].isUp
    }
    guard let index = wanted, case .create(let id, _)? = streams[index].requests.first else { return false }
    inject(.watchRefused)
    streams[index].requests.removeFirst()
    let isOwn = cluster.profile.refusesUnderRequestedID
    var message = WatchMessage(
      header: header(streams[index].member), watchID: isOwn ? id : WatchMessage.broadcastID)
    message.created = true
    message.canceled = true
    message.cancelReason =
      isOwn || choices.chance(50)
      ? "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
      : "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"
    streams[index].messages.append(message)
    return true
  }
}
