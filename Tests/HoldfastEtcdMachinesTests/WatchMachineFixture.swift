import HoldfastCore
import HoldfastEtcdMachines
import Testing

/// A watch of `/a/` that is driven by hand.
struct WatchFixture {
  var machine: WatchMachine
  /// The id of the watch on the current stream.
  var id: Int64 = 0
  var from: Revision?
  /// The member that serves the watch.
  static let member: UInt64 = 7

  init(from start: Revision? = nil, range: KeyRange = .prefix("/a/")) {
    machine = WatchMachine(range: range, from: start)
  }

  /// A watch that stands, with a store at the given revision.
  static func standing(from start: Revision? = nil, at revision: Revision = 10) -> WatchFixture {
    var fixture = WatchFixture(from: start)
    fixture.open()
    fixture.create(at: revision)
    return fixture
  }

  /// From the beginning, or the end of a wait, to the create that is sent.
  mutating func open(_ input: WatchMachine.Input = .start, line: Int = #line) {
    #expect(machine.handle(input) == [.open])
    let actions = machine.handle(.opened)
    guard case .send(.create(let id, let from))? = actions.first else {
      Issue.record("no create: \(actions)")
      return
    }
    #expect(id > self.id, "ids are never used twice")
    #expect(actions.dropFirst() == [.receive(within: .seconds(5))])
    self.id = id
    self.from = from
  }

  mutating func create(at revision: Revision) {
    let actions = send {
      $0.created = true; $0.header?.revision = revision
    }
    let header = ResponseHeader(memberID: Self.member, revision: revision)
    #expect(actions == [.keepEndpoint, .report(.started(header)), .receive(within: .seconds(15))])
  }

  /// A message for this watch from a store at revision 100, changed by the closure.
  mutating func send(_ change: (inout WatchMessage) -> Void) -> [WatchMachine.Action] {
    var message = WatchMessage(header: ResponseHeader(memberID: Self.member, revision: 100), watchID: id)
    change(&message)
    return machine.handle(.message(message))
  }

  mutating func send(_ events: [WatchMessage.Event], fragment: Bool = false) -> [WatchMachine.Action] {
    send {
      $0.events = events; $0.fragment = fragment
    }
  }

  mutating func progress(_ revision: Revision, requested: Bool = false) -> [WatchMachine.Action] {
    send { message in
      message.header?.revision = revision
      if requested { message.watchID = -1 }
    }
  }

  mutating func silence() -> [WatchMachine.Action] { machine.handle(.silent(jitter: 1)) }

  /// Silence, upon which a member tells its version; another stream than this one's if so wanted.
  mutating func identify(
    _ version: String?, member: UInt64 = Self.member, stream: Int64? = nil, line: Int = #line
  ) -> [WatchMachine.Action] {
    #expect(silence() == [.identify(stream: id), .receive(within: .seconds(5))], "line \(line)")
    return answer(version, member: member, stream: stream)
  }

  mutating func answer(
    _ version: String?, member: UInt64 = Self.member, stream: Int64? = nil
  ) -> [WatchMachine.Action] {
    let identity = version.flatMap { ServerVersion($0) }.map { MemberIdentity(memberID: member, version: $0) }
    return machine.handle(.identified(identity, stream: stream ?? id))
  }

  mutating func lose() -> [WatchMachine.Action] {
    machine.handle(.failed(CallFailure(.unavailable, "gone", progress: .unknown), jitter: 1))
  }
}

func put(_ key: Key, _ revision: Revision) -> WatchMessage.Event {
  WatchMessage.Event(
    .put, KeyValue(key: key, value: [], createRevision: revision, modRevision: revision, version: 1))
}

func delete(_ key: Key, _ revision: Revision) -> WatchMessage.Event {
  WatchMessage.Event(
    .delete, KeyValue(key: key, value: [], createRevision: .zero, modRevision: revision, version: 0))
}

extension [WatchMachine.Action] {
  /// The updates that are reported.
  var updates: [WatchUpdate] {
    compactMap { if case .report(let update) = $0 { update } else { nil } }
  }

  var revisions: [Revision] {
    updates.flatMap { if case .batch(let batch) = $0 { batch.events.map(\.modRevision) } else { [Revision]() } }
  }

  var failure: HoldfastError? {
    compactMap { if case .fail(let error) = $0 { error } else { nil } }.first
  }

  var interruption: HoldfastError? {
    updates.compactMap { if case .interrupted(let error) = $0 { error } else { nil } }.first
  }

  var isOnlyReceiving: Bool { self == [.receive(within: .seconds(15))] }
}
