/// Checks one read against one history.
struct ReadInEpoch {
  let oracle: Oracle
  let read: ReadRecord
  let floors: Floors

  func check() -> (report: CheckReport, reached: [(String, Int64)]) {
    var report = CheckReport()
    var reached: [(String, Int64)] = []
    for key in read.keys ?? Array(Set(oracle.keys).union(read.seen.keys)) {
      let seen = read.seen[key]
      thinAir(key, seen, &report)
      if read.mode == .local {
        if let revision = monotonic(key, seen, &report) { reached.append((key, revision)) }
      } else {
        snapshot(key, seen, &report)
      }
    }
    if read.mode != .local, let revision = read.revision {
      report.check(
        .monotonicSnapshots, at: max(revision, floors.snapshot), revision >= floors.snapshot,
        "cache \(read.cache): a snapshot at \(revision) after one at \(floors.snapshot)")
      if read.mode == .ownSnapshot, floors.acknowledged > 0 {
        report.check(
          .readYourWrites, at: floors.acknowledged, revision >= floors.acknowledged,
          "cache \(read.cache): a snapshot at \(revision) without the own write at \(floors.acknowledged)")
      }
    }
    pairs(&report)
    return (report, reached)
  }

  private func thinAir(_ key: String, _ seen: Seen?, _ report: inout CheckReport) {
    guard let seen else { return }
    let truth = oracle.change(of: key, at: seen.modRevision)
    let isTrue = truth?.revision == seen.modRevision && truth?.seen.map(seen.matches) == true
    report.check(
      .noThinAir, at: seen.modRevision, isTrue,
      "cache \(read.cache): \(key) read as \(seen), and it was \(String(describing: truth))")
    if seen.token == nil || truth?.seen?.token == nil {
      report.check(
        .malformedValues, at: seen.modRevision, seen.token == truth?.seen?.token,
        "cache \(read.cache): \(key) at \(seen.modRevision) must be an error exactly when its bytes are no value")
    }
  }

  /// Never below what was seen or acknowledged before, nor below the revision that came with the read. Returns the revision
  /// from which on this state held.
  private func monotonic(_ key: String, _ seen: Seen?, _ report: inout CheckReport) -> Int64? {
    let floor = floors[key]
    let bound = max(floor?.revision ?? 0, read.keys == nil ? read.revision ?? 0 : 0)
    let since = oracle.since(key, seen, floor: floor?.revision ?? 0)
    if let floor {
      let text = "cache \(read.cache): \(key) read as \(name(seen)) after revision \(floor.revision)"
      let latest = max(floor.revision, seen?.modRevision ?? 0)
      report.check(floor.isAcknowledged ? .readYourWrites : .monotonicKeys, at: latest, since != nil, text)
      if oracle.state(of: key, at: floor.revision) == nil, seen != nil {
        report.check(.noResurrection, at: latest, since != nil, text)
      }
    }
    if seen == nil, floor != nil, Self.isLeased(key) {
      report.check(.leases, at: floor?.revision, since != nil, "cache \(read.cache): \(key) vanished without a delete")
    }
    if bound > floor?.revision ?? 0 {
      report.check(
        .noLostUpdate, at: max(bound, seen?.modRevision ?? 0), oracle.since(key, seen, floor: bound) != nil,
        "cache \(read.cache): a list that had followed to \(bound) shows \(key) as \(name(seen))")
    }
    return since
  }

  private func snapshot(_ key: String, _ seen: Seen?, _ report: inout CheckReport) {
    guard let revision = read.revision else { return }
    let truth = oracle.state(of: key, at: revision)
    let isTrue = seen.map { seen in truth.map(seen.matches) ?? false } ?? (truth == nil)
    let text = "cache \(read.cache): snapshot at \(revision) shows \(key) as \(name(seen)), it was \(name(truth))"
    // What is absent may be so because of any revision up to that of the snapshot.
    let latest = if let seen, let truth { max(seen.modRevision, truth.modRevision) } else { revision }
    report.check(.snapshotConsistency, at: latest, isTrue, text)
    report.check(.noLostUpdate, at: latest, isTrue, text)
  }

  /// Both halves of a pair are written by transactions only.
  private func pairs(_ report: inout CheckReport) {
    for (key, left) in read.seen where key.hasPrefix("pair/") && key.hasSuffix("/a") {
      let other = key.dropLast() + "b"
      guard read.keys?.contains(String(other)) ?? true else { continue }
      let right = read.seen[String(other)]
      report.check(
        .atomicTransactions, at: max(left.modRevision, right?.modRevision ?? 0),
        left.token == right?.token && left.modRevision == right?.modRevision,
        "cache \(read.cache): \(key) is \(left), \(other) is \(name(right))")
    }
  }

  private func name(_ seen: Seen?) -> String { seen.map { "\($0)" } ?? "absent" }

  static func isLeased(_ key: String) -> Bool { key.hasPrefix("lease/") }
}

extension Seen {
  /// Whether it can be that; what does not decode says no more than its revision.
  func matches(_ truth: Seen) -> Bool {
    guard token != nil else { return truth.token == nil && truth.modRevision == modRevision }
    return self == truth
  }
}
