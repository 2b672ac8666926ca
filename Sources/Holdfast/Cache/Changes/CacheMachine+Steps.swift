import HoldfastCore

/// How the base's steps are told, if somebody wants to know.
extension CacheMachine {
  /// Puts changes of the watch into the base, and returns them with what they replaced.
  mutating func put(_ changes: ArraySlice<CacheChange>) -> [BaseChange] {
    var told: [BaseChange] = []
    told.reserveCapacity(changes.count)
    for change in changes {
      let new = change.record.map(shared)
      let old = new.map { base.updateValue($0, forKey: change.key) } ?? base.removeValue(forKey: change.key)
      // The delete of a key that was not there is none.
      guard old != nil || new != nil else { continue }
      told.append(BaseChange(key: change.key, revision: change.revision, old: old, new: new))
    }
    return told
  }

  func stepped(from before: Revision, with changes: [BaseChange]) -> [Action] {
    guard reportsSteps, let revision else { return [] }
    return [.advanced(BaseStep(.changes, from: before, to: revision, epoch: epoch, changes: changes))]
  }

  /// The base has become a list.
  func relisted(
    from before: Revision?, _ old: RecordMap, isContinuous: Bool
  ) -> [Action] {
    guard reportsSteps, let revision else { return [] }
    guard let before else { return [.advanced(BaseStep(.loaded, from: revision, to: revision, epoch: epoch))] }
    let changes = old.difference(to: base, in: range, at: revision)
    // Another state at the same revision: the store was restored in between, even if nothing else has shown it.
    let isContinuous = isContinuous && (revision > before || changes.isEmpty)
    return [
      .advanced(
        BaseStep(.resync(isContinuous: isContinuous), from: before, to: revision, epoch: epoch, changes: changes))
    ]
  }

  /// The base is about to be dropped.
  func forgetting() -> [Action] {
    guard reportsSteps, let revision else { return [] }
    return [.advanced(BaseStep(.forgotten(base), from: revision, to: revision, epoch: epoch))]
  }
}
