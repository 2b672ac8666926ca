import Holdfast
import HoldfastCore
import HoldfastEtcd
import Logging
import TestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the workload writes: the token is in no other value of the run.
struct Thing: Codable, Hashable, Sendable {
  var id: String
  var token: Int

  /// As a witness reads and writes it, without our codec.
  init?(json: [UInt8]) {
    guard let thing = try? JSONDecoder().decode(Thing.self, from: Data(json)) else { return nil }
    self = thing
  }

  init(id: String, token: Int) {
    self.id = id
    self.token = token
  }

  var json: String { #"{"id":"\#(id)","token":\#(token)}"# }
}

let things = Keyspace<Thing>(prefix: "/f/things/") { $0.id }

extension Seen {
  init(_ stored: Stored<Thing>) {
    self.init(
      token: stored.value.token, modRevision: stored.modRevision.rawValue,
      createRevision: stored.createRevision.rawValue, version: stored.version)
  }

  init(_ quarantined: QuarantinedKey) {
    self.init(token: nil, modRevision: quarantined.modRevision.rawValue)
  }
}

extension Listing<Thing> {
  /// By key: values, and what does not decode.
  var seen: [String: Seen] {
    var seen: [String: Seen] = [:]
    for stored in self { seen[stored.key.description] = Seen(stored) }
    for key in quarantined { seen[key.key.description] = Seen(key) }
    return seen
  }
}

extension Logger {
  static let quiet = Logger(label: "faults") { _ in SwiftLogNoOpLogHandler() }
}

extension BackendConfiguration {
  /// A client that notices faults soon, so that runs are short.
  static func hasty(
    _ endpoints: [String], _ configure: (inout EtcdConfiguration) -> Void = { _ in }
  ) -> BackendConfiguration {
    .etcd(endpoints: endpoints) { configuration in
      configuration.connectTimeout = .seconds(1)
      configuration.requestTimeout = .seconds(2)
      configuration.watchSilence = .seconds(1)
      configuration.watchAnswerTimeout = .seconds(1)
      configure(&configuration)
    }
  }
}

extension CacheConfiguration {
  static var hasty: CacheConfiguration {
    var configuration = CacheConfiguration()
    configuration.startTimeout = .seconds(60)
    configuration.backoff = .milliseconds(50) ... .milliseconds(500)
    return configuration
  }
}
