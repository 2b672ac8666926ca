import Holdfast
import HoldfastCore
import HoldfastEtcdMachines

/// A cache with its watch, on a server that the input directs: an honest one as long as the input does not say otherwise.
struct HostileWatch {
  private static let range = KeyRange.prefix("/p/")

  private var cache: CheckedCache
  private var watch: CheckedWatch?
  private var store = ModelStore()
  /// Whether `created` was sent on this stream.
  private var isCreated = false
  private var next: Revision = 1
  /// Whether the server, so far, is one that a store could be.
  private var isHonest = true

  /// Runs a server that does what the bytes say.
  static func run(_ bytes: [UInt8]) throws {
    var input = FuzzInput(bytes)
    var world = HostileWatch(limit: OverlayLimit(entries: 1 + input.below(12), bytes: 400))
    try world.cache.send(.start)
    var steps = 0
    while !input.isAtEnd, steps < 400 {
      try world.step(&input)
      steps += 1
    }
  }

  private init(limit: OverlayLimit) { cache = CheckedCache(range: Self.range, limit: limit) }

  private mutating func step(_ input: inout FuzzInput) throws {
    switch input.below(6) {
    case 0: write(&input)
    case 1: try acknowledge(&input)
    default: try serve(&input)
    }
    try checkTruth()
  }

  /// With an honest server the base is exactly what the store held.
  private func checkTruth() throws {
    guard isHonest, let revision = cache.machine.revision else { return }
    let truth = store.content(Self.range, at: revision)
    let held = cache.machine.base.compactMap(\.value.keyValue)
    try promise(truth == held, "the base at \(revision) is not what the store held")
  }

  private mutating func write(_ input: inout FuzzInput) {
    let key = input.key()
    if input.oneIn(3) { _ = store.delete(key) } else { _ = store.put(key, input.bytes(1 + input.below(3))) }
  }

  private mutating func acknowledge(_ input: inout FuzzInput) throws {
    let mark = cache.machine.mark
    let effects: [WriteEffect]
    if input.oneIn(8) {
      isHonest = false
      var keyValue = input.keyValue()
      let revision = input.revision()
      keyValue.modRevision = revision
      let range = input.pick([KeyRange.all, .prefix("/p/d/"), .key("/p/a"), KeyRange(start: "/p/b", end: "/p/a")])
      effects = [.delete(range), .put(CheckedCache.record(keyValue))]
      return try cache.send(.acknowledged(effects, at: revision, changed: input.oneIn(2), sent: mark))
    }
    let key = input.key()
    if input.oneIn(3) {
      let isChange = store.delete(key) != nil
      return try cache.send(.acknowledged([.delete(.key(key))], at: store.revision, changed: isChange, sent: mark))
    }
    effects = [.put(CheckedCache.record(store.put(key, input.bytes(1 + input.below(3))).keyValue))]
    try cache.send(.acknowledged(effects, at: store.revision, changed: true, sent: mark))
  }

  private mutating func serve(_ input: inout FuzzInput) throws {
    if cache.awaitsList { return try list(&input) }
    if let request = cache.anchor { return try answerAnchor(request, &input) }
    if let from = cache.watchFrom {
      cache.watchFrom = nil
      watch = try CheckedWatch(range: Self.range, from: from)
    }
    guard var watch else { return }
    let result: (updates: [WatchUpdate], error: HoldfastError?)
    switch watch.wait {
    case .over: return
    case .opening:
      isCreated = false
      result = try watch.send(input.oneIn(6) ? .failed(failure(&input), jitter: 1) : .opened)
    case .waiting: result = try watch.send(.waited)
    case .receiving:
      switch input.below(16) {
      case 13 where watch.unidentified != nil: result = try watch.send(identity(watch, &input))
      case 14: result = try watch.send(.silent(jitter: 1))
      case 15: result = try watch.send(.failed(failure(&input), jitter: 1))
      default: result = try watch.send(.message(message(watch, &input)))
      }
    }
    self.watch = watch
    try tell(result)
  }

  /// What the shell does with a watch's updates.
  private mutating func tell(_ result: (updates: [WatchUpdate], error: HoldfastError?)) throws {
    let attempt = cache.attempt
    for update in result.updates {
      switch update {
      case .started(let header): try cache.send(.watchStarted(attempt: attempt, header))
      case .batch(let batch):
        // The shell answers an anchor before it takes anything else.
        if let request = cache.anchor { try honestAnchor(request, attempt) }
        let changes = batch.events.map { event -> CacheChange in
          event.kind == .put ? .put(CheckedCache.record(event.keyValue)) : .delete(event.key, event.modRevision)
        }
        try cache.send(.changes(attempt: attempt, changes))
      case .progress(let progress):
        if let request = cache.anchor { try honestAnchor(request, attempt) }
        try cache.send(.progress(attempt: attempt, progress))
      case .interrupted(let error): try cache.send(.watchInterrupted(attempt: attempt, error))
      }
    }
    if let error = result.error { try cache.send(.watchEnded(attempt: attempt, error)) }
    if cache.awaitsList { watch = nil }
  }

  private mutating func list(_ input: inout FuzzInput) throws {
    watch = nil
    let attempt = cache.attempt
    if input.oneIn(12) { return try cache.send(.listFailed(attempt: attempt, input.error())) }
    var (header, list) = (store.header, store.content(Self.range, at: store.revision) ?? [])
    if input.oneIn(8) {
      isHonest = false
      switch input.below(5) {
      case 0: header.revision = input.revision()
      case 1: list = list.reversed()
      case 2: list.append(input.keyValue())
      case 3: list.insert(input.keyValue(), at: 0)
      default: if !list.isEmpty { list[input.below(list.count)].modRevision = input.revision() }
      }
    }
    try cache.send(.listed(attempt: attempt, header: header, records: list.map(CheckedCache.record)))
  }

  private mutating func answerAnchor(_ request: RangeRequest, _ input: inout FuzzInput) throws {
    let attempt = cache.attempt
    switch input.below(12) {
    case 10:
      cache.anchor = nil
      try cache.send(.anchorFailed(attempt: attempt, input.error()))
    case 11:
      isHonest = false
      cache.anchor = nil
      let answer = RangeResponse(
        header: input.header(), keyValues: input.oneIn(2) ? [] : [input.keyValue()], count: input.number())
      try cache.send(.anchorAnswered(attempt: attempt, answer))
    default: try honestAnchor(request, attempt)
    }
  }

  private mutating func honestAnchor(_ request: RangeRequest, _ attempt: Int) throws {
    cache.anchor = nil
    if let answer = store.answer(request) {
      try cache.send(.anchorAnswered(attempt: attempt, answer))
    } else {
      try cache.send(.anchorFailed(attempt: attempt, HoldfastError(.futureRevision, "any")))
    }
  }

  private func identity(_ watch: CheckedWatch, _ input: inout FuzzInput) -> WatchMachine.Input {
    let version = ServerVersion(major: 3, minor: 4 + input.below(3), patch: input.below(32))
    let identity = MemberIdentity(memberID: UInt64(input.below(3)), version: version)
    return .identified(input.oneIn(8) ? nil : identity, stream: (watch.unidentified ?? 0) - Int64(input.below(2)))
  }

  private func failure(_ input: inout FuzzInput) -> CallFailure {
    CallFailure(
      StatusCode(rawValue: input.below(17)) ?? .unknown, "any", progress: input.pick(CallFailure.Progress.allCases))
  }
}

extension HostileWatch {
  /// The server's next message, mostly the one that etcd would send.
  private mutating func message(_ watch: CheckedWatch, _ input: inout FuzzInput) -> WatchMessage {
    var message = WatchMessage(header: store.header, watchID: watch.id)
    if !isCreated {
      (message.created, isCreated) = (true, true)
      next = watch.from ?? store.revision.next
    } else {
      let events = store.events(in: Self.range, from: next)
      let some = events.prefix(1 + input.below(4))
      message.events = some.map { WatchMessage.Event($0.kind == .put ? .put : .delete, $0.keyValue) }
      // A revision of the model has one event: progress is true when nothing is left.
      if let last = some.last { next = last.modRevision.next }
    }
    if input.oneIn(6) { distort(&message, &input) }
    return message
  }

  private mutating func distort(_ message: inout WatchMessage, _ input: inout FuzzInput) {
    isHonest = false
    for _ in 0..<(1 + input.below(2)) {
      switch input.below(16) {
      case 0: message.header = nil
      case 1: message.header?.revision = input.revision()
      case 2: message.watchID = input.number()
      case 3: message.watchID = WatchMessage.broadcastID
      case 4: message.created.toggle()
      case 5: message.canceled = true
      case 6: (message.canceled, message.compactRevision) = (true, input.revision())
      case 7:
        (message.canceled, message.cancelReason) = (true, "etcdserver: mvcc: required revision has been compacted")
      case 8: message.fragment = true
      case 9: message.events.reverse()
      case 10: message.events += message.events
      case 11: message.events.append(WatchMessage.Event(.put, nil))
      case 12: message.events.append(WatchMessage.Event(.unknown, input.keyValue()))
      case 13: message.events.append(WatchMessage.Event(input.oneIn(2) ? .delete : .put, input.keyValue()))
      case 14: message.events = store.events(in: .all, from: 1).map { WatchMessage.Event(.put, $0.keyValue) }
      default: message.events = []
      }
    }
  }
}
