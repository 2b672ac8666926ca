import HoldfastCore
import Testing

@testable import Holdfast

/// What a list is told must be what was asked for.
@Suite struct ListMachineTests {
  private func entry(_ key: Key) -> KeyValue {
    KeyValue(key: key, value: [], createRevision: 2, modRevision: 3, version: 1)
  }

  private func answer(_ keys: [Key]) -> RangeResponse {
    RangeResponse(header: ResponseHeader(revision: 9), keyValues: keys.map(entry), count: Int64(keys.count))
  }

  @Test func aPageInOrderIsTheList() {
    var machine = ListMachine(.prefix("/p/"))
    guard case .request = machine.handle(.start),
      case .done(let list) = machine.handle(.answered(answer(["/p/a", "/p/b"])))
    else {
      Issue.record("no list")
      return
    }
    #expect(list.keyValues.map(\.key) == ["/p/a", "/p/b"])
  }

  @Test(
    arguments: [
      ["/p/b", "/p/a"], ["/p/a", "/p/a"], ["/p/a", "/q/a"], ["/o", "/p/a"], ["/p"], [""],
    ] as [[Key]])
  func whatWasNotAskedForIsRefused(keys: [Key]) {
    var machine = ListMachine(.prefix("/p/"))
    guard case .request = machine.handle(.start), case .fail(let error) = machine.handle(.answered(answer(keys))) else {
      Issue.record("\(keys) was taken for a list")
      return
    }
    #expect(error.code == .protocolViolation)
  }
}
