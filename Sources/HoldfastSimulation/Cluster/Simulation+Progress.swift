import HoldfastCore
import HoldfastEtcdMachines

/// How servers tell watches how far they are.
extension Simulation {
  /// The server's timer: progress, in order with the events.
  func reportProgress() -> Bool {
    guard let index = pickStream({ $0.watcher?.isSynced ?? false }) else { return false }
    return reportProgress(on: index)
  }

  func reportProgress(on index: Int) -> Bool {
    guard let watcher = streams[index].watcher, watcher.isSynced else { return false }
    let header = progressHeader(index)
    guard mayTellProgress(of: watcher, at: header.revision) else { return false }
    streams[index].messages.append(WatchMessage(header: header, watchID: watcher.id))
    return true
  }

  /// What was asked for. Where it is known to lie it does so before the events that are on their way.
  func answerProgress(_ index: Int) {
    guard let watcher = streams[index].watcher else { return }
    let header = progressHeader(index)
    if cluster.profile.isSilentWhenIdle, !watcher.hadEvents { return inject(.silentProgress) }
    guard mayTellProgress(of: watcher, at: header.revision) else { return }
    let progress = WatchMessage(header: header, watchID: WatchMessage.broadcastID)
    guard cluster.profile.progressOvertakesEvents else {
      // One watch that lags silences its stream (issue 20242).
      return watcher.isSynced ? streams[index].messages.append(progress) : inject(.withheldProgress)
    }
    let messages = streams[index].messages
    let first = (messages.lastIndex { $0.created || $0.canceled || $0.watchID == WatchMessage.broadcastID } ?? -1) + 1
    // Fragments are sent without a gap.
    let places = (first...messages.count).filter { $0 == 0 || !messages[$0 - 1].fragment }
    let place = choices.pick(Array(places.reversed())) ?? messages.count
    if !watcher.isSynced || messages[place...].contains(where: { !$0.events.isEmpty }) { inject(.earlyProgress) }
    streams[index].messages.insert(progress, at: place)
  }

  /// Progress of a watch that is to begin later may be told from below its start (issue 20221).
  private func mayTellProgress(of watcher: SimulatedStream.Watcher, at revision: Revision) -> Bool {
    guard watcher.start > revision.next else { return true }
    guard cluster.profile.progressBelowStart else { return false }
    inject(.progressBelowStart)
    return true
  }
}
