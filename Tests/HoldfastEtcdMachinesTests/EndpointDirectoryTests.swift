import HoldfastEtcdMachines
import Testing

@Suite struct EndpointDirectoryTests {
  private typealias Address = EndpointDirectory.Address

  private func address(_ name: String, _ reach: Address.Reach = .anywhere, scheme: String = "http") -> Address {
    Address(name: "\(scheme)://\(name)", scheme: scheme, reach: reach)
  }

  private func directory(_ names: String...) -> EndpointDirectory { EndpointDirectory(names.map { address($0) }) }

  @Test func advertisedEndpointsGoFirstAndConfiguredOnesStay() {
    var directory = directory("a", "b")
    #expect(directory.inUse == [0, 1])
    #expect(directory.handle(.advertised([address("c"), address("b"), address("c")])) == [.use([2, 1, 0])])
    #expect(directory.inUse == [2, 1, 0])
    #expect(directory.names == ["http://a", "http://b", "http://c"])
    #expect(directory.handle(.advertised([address("c"), address("b")])).isEmpty, "nothing changed")
    #expect(directory.handle(.advertised([address("d")])) == [.use([3, 0, 1])], "c has left")
    #expect(directory.handle(.advertised([address("c")])) == [.use([2, 0, 1])], "it keeps its number")
  }

  @Test func anEmptyListIsNeverAdopted() {
    var directory = directory("a")
    #expect(directory.handle(.advertised([])).isEmpty)
    _ = directory.handle(.advertised([address("b")]))
    #expect(directory.handle(.advertised([])).isEmpty)
    #expect(directory.inUse == [1, 0])
  }

  @Test func whatWouldBeLessSafeOrLeadsNowhereIsLeftOut() {
    var secure = EndpointDirectory([address("a", scheme: "https")])
    #expect(secure.handle(.advertised([address("b"), address("x", .thisMachine, scheme: "unix")])).isEmpty)
    #expect(secure.handle(.advertised([address("b"), address("c", scheme: "https")])) == [.use([1, 0])])
    var remote = directory("a")
    #expect(remote.handle(.advertised([address("localhost", .thisMachine), address("0.0.0.0", .nowhere)])).isEmpty)
    var local = EndpointDirectory([address("localhost", .thisMachine)])
    #expect(local.handle(.advertised([address("127.0.0.1", .thisMachine)])) == [.use([1, 0])])
  }

  @Test func aNamedEndpointHasANumberAndServesNobodyElse() {
    var directory = directory("a")
    #expect(directory.handle(.named("http://x")) == [.number(1)])
    #expect(directory.handle(.named("http://a")) == [.number(0)])
    #expect(directory.inUse == [0])
  }

  @Test func namedEndpointsAreBoundedAndLeaveRoomForTheMembers() {
    var directory = directory("a")
    for number in 1...EndpointDirectory.totalLimit {
      #expect(directory.handle(.named("http://x\(number)")) == [.number(number)])
    }
    #expect(directory.handle(.named("http://one-more")).isEmpty)
    #expect(directory.handle(.named("http://x1")) == [.number(1)], "a known one is no more")
    #expect(directory.handle(.advertised([address("b")])) == [.use([EndpointDirectory.totalLimit + 1, 0])])
  }

  @Test func aHostileListIsBounded() {
    var directory = directory("a")
    for round in 0..<100 {
      _ = directory.handle(.advertised((0..<100).map { address("\(round)-\($0)") }))
      #expect(directory.inUse.count <= EndpointDirectory.limit + 1)
    }
    #expect(directory.names.count <= EndpointDirectory.totalLimit)
  }
}
