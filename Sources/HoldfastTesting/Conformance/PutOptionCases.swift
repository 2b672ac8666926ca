internal import HoldfastCore

enum PutOptionCases {
  static let all = [
    ConformanceCase("a put can keep the value", ignoreValue),
    ConformanceCase("a put can keep the lease", ignoreLease),
    ConformanceCase("keeping what an absent key has is refused", absent),
    ConformanceCase("keeping and giving contradict each other", contradiction),
    ConformanceCase("a put with an unknown lease is refused", unknownLease),
  ]

  static func ignoreValue(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    try await t.put("a", "kept")
    var request = PutRequest(key: t.key("a"), value: [], lease: lease.id, previous: true)
    request.ignoreValue = true
    let response = try await t.backend.put(request)
    try expectEqual(response.previous?.lease, nil, "previous lease")
    let keyValue = try require(await t.get("a"), "the key")
    try expectEqual(keyValue.text, "kept", "value")
    try expectEqual(keyValue.version, 2, "version")
    try expectEqual(keyValue.lease, lease.id, "lease")
    _ = try await t.backend.revokeLease(lease.id)
    try expectEqual(await t.get("a"), nil, "the key without its lease")
  }

  static func ignoreLease(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    try await t.put("a", "1", lease: lease.id)
    var request = PutRequest(key: t.key("a"), value: [0x32])
    request.ignoreLease = true
    _ = try await t.backend.put(request)
    let keyValue = try require(await t.get("a"), "the key")
    try expectEqual(keyValue.text, "2", "value")
    try expectEqual(keyValue.lease, lease.id, "lease")
    _ = try await t.backend.revokeLease(lease.id)
    try expectEqual(await t.get("a"), nil, "the key without its lease")
  }

  static func absent(_ t: ConformanceContext) async throws {
    for (ignoreValue, ignoreLease) in [(true, false), (false, true), (true, true)] {
      var request = PutRequest(key: t.key("a"), value: ignoreValue ? [] : [1])
      (request.ignoreValue, request.ignoreLease) = (ignoreValue, ignoreLease)
      try await expectFailure(.keyNotFound, outcome: .refused) { try await t.backend.put(request) }
    }
    try expectEqual(await t.get("a"), nil)
  }

  static func contradiction(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    try await t.put("a", "1")
    var value = PutRequest(key: t.key("a"), value: [1])
    value.ignoreValue = true
    var leased = PutRequest(key: t.key("a"), value: [1], lease: lease.id)
    leased.ignoreLease = true
    for request in [value, leased] {
      try await expectFailure(.invalidArgument, outcome: .refused) { try await t.backend.put(request) }
      try await expectFailure(.invalidArgument, outcome: .refused) { try await t.transact([], [.put(request)]) }
    }
    try expectEqual(await t.get("a")?.version, 1, "version")
    _ = try await t.backend.revokeLease(lease.id)
  }

  static func unknownLease(_ t: ConformanceContext) async throws {
    let lease = LeaseID(.random(in: 1 ... .max))
    try await expectFailure(.leaseNotFound, outcome: .refused) { try await t.put("a", lease: lease) }
    try expectEqual(await t.get("a"), nil)
  }
}
