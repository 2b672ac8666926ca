import HoldfastCore

extension CacheMachine {
  /// Makes an acknowledged write visible, all of it in one step, unless the base has it already.
  ///
  /// It collects from the start on, before the first list and during every other one: a write that is acknowledged while a
  /// list is on its way may be newer than that list.
  mutating func acknowledge(
    _ effects: [WriteEffect], at written: Revision, changed: Bool, sent mark: WriteMark
  ) -> [Action] {
    if case .nothing = activity { return [] }
    guard mark.epoch == epoch, written > .zero else { return [] }
    // No store answers a write below what it had before, nor gives a change a revision that it had, unless it was restored.
    // The write belongs to the new epoch, and the list that begins that has it.
    if let known = mark.known, written < known || changed && written == known {
      return rewound()
    }
    know(written)
    if !effects.isEmpty { highestAcknowledged = max(highestAcknowledged ?? written, written) }
    if let revision, written <= revision { return contradicts(effects, at: written) ? rewound() : [] }
    var touched = TouchedKeys()
    for effect in effects {
      switch effect {
      case .put(let record):
        let key = record.key
        guard range.contains(key) else { continue }
        touch(key, &touched)
        overlay.set(record, for: key, at: written)
      case .delete(let deleted):
        guard let clipped = deleted.intersection(range) else { continue }
        touch(clipped, &touched)
        if clipped.isSingleKey {
          overlay.set(nil, for: clipped.start, at: written)
        } else {
          overlay.delete(clipped, at: written)
        }
      }
    }
    return publish(touched) + relistIfFull()
  }

  /// Whether the base, which has reached that revision, still has something that the write replaced: then it is of another
  /// history.
  private func contradicts(_ effects: [WriteEffect], at written: Revision) -> Bool {
    var isContradicted = false
    for effect in effects {
      let range: KeyRange =
        switch effect {
        case .put(let record): .key(record.key)
        case .delete(let range): range
        }
      base.forEach(in: range) { element in
        if element.value.modRevision < written { isContradicted = true }
        return !isContradicted
      }
    }
    return isContradicted
  }

  /// The overlay fills up when the watch is far behind. A list covers everything that was acknowledged before it was asked
  /// for. While one is on its way a second would not help; if it fails, what was collected is dropped.
  package var isOverlayFull: Bool { overlay.count > overlayLimit.entries || overlay.bytes > overlayLimit.bytes }

  private mutating func relistIfFull() -> [Action] {
    guard case .watch = activity else { return [] }
    guard isOverlayFull else { return [] }
    let cause = HoldfastError(
      .timeout, "the watch is behind by \(overlay.count) acknowledged writes (\(overlay.bytes) bytes); listing again")
    // Not a failure to back off for: every list takes the cache further.
    return requestList() + enter(.stale(cause))
  }
}
