package import HoldfastCore
package import HoldfastEtcdMachines

/// A watch's machine that keeps its promises or throws, whatever it is told.
package struct CheckedWatch {
  package enum Wait: Hashable { case opening, receiving, waiting, over }

  package private(set) var machine: WatchMachine
  package private(set) var wait = Wait.receiving
  /// The id of the watch that was asked for last.
  package private(set) var id: Int64 = 0
  /// Where it asked to begin.
  package private(set) var from: Revision?

  /// The stream whose member it wants to know.
  package private(set) var unidentified: Int64?

  private let range: KeyRange
  private var last: Revision

  package init(range: KeyRange, from start: Revision?) throws {
    self.range = range
    last = (start ?? 1).rawValue > 1 ? (start ?? 1).previous : .zero
    machine = WatchMachine(range: range, from: start)
    _ = try send(.start)
  }

  package mutating func send(_ input: WatchMachine.Input) throws -> (updates: [WatchUpdate], error: HoldfastError?) {
    let resume = machine.resume
    let actions = machine.handle(input)
    try promise(wait != .over || actions.isEmpty, "it went on after its end")
    try promise(actions.count <= 6, "\(actions.count) actions for one input")
    if let resume { try promise(machine.resume.map { $0 >= resume } ?? false, "the resume point fell") }
    var updates: [WatchUpdate] = []
    for action in actions {
      switch action {
      case .open: wait = .opening
      case .wait(let delay):
        try promise(delay > .zero && delay < .seconds(600), "it waits for \(delay)")
        wait = .waiting
      case .receive(let time):
        try promise(time > .zero, "it receives within \(time)")
        wait = .receiving
      case .send(.create(let id, let from)):
        try promise(id > self.id, "the id \(id) is used twice")
        (self.id, self.from) = (id, from)
      case .identify(let stream): unidentified = stream
      case .send(.requestProgress), .keepEndpoint, .leaveEndpoint, .renewToken: break
      case .report(let update):
        try check(update)
        updates.append(update)
      case .fail(let error):
        wait = .over
        return (updates, error)
      }
    }
    return (updates, nil)
  }

  private mutating func check(_ update: WatchUpdate) throws {
    switch update {
    case .started(let header): try promise(header.revision > .zero, "it started at \(header.revision)")
    case .interrupted: break
    case .progress(let progress):
      try promise(progress.revision >= last, "progress to \(progress.revision) after \(last)")
      if progress.isOrdered { last = progress.revision }
    case .batch(let batch):
      try promise(!batch.events.isEmpty, "an empty batch")
      var revision = last
      for event in batch.events {
        try promise(range.contains(event.key), "\(event.key) is outside of the range")
        try promise(event.modRevision > last && event.modRevision >= revision, "an event out of order")
        revision = event.modRevision
      }
      last = revision
      try promise(machine.resume == last.next, "it resumes at \(machine.resume as Any) after \(last)")
    }
  }
}
