public import HoldfastCore
import HoldfastEtcdMachines

extension EtcdBackend {
  /// Each iteration is a watch of its own, on a stream of its own. It survives restarts of members and moves to another one
  /// when its member is away, silent or without a leader; `permissionDenied` and other refusals end it.
  public func watch(_ request: WatchRequest) -> WatchUpdates {
    // A server that is asked too often has nothing to gain, and zero would ask in a loop.
    let timing = WatchTiming(
      silence: max(configuration.watchSilence, .seconds(1)),
      answer: max(configuration.watchAnswerTimeout, .milliseconds(100)))
    let shell = watchShell
    return WatchUpdates { EtcdWatchSource(request, timing: timing, shell: shell) }
  }
}
