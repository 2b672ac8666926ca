public import Holdfast

/// The value of every cache row: 8 fields, about 350 bytes of JSON with its key.
public struct Job: Codable, Sendable {
  public var id: String
  public var name: String
  public var state: String
  public var priority: Int
  public var createdAt: Double
  public var labels: [String: String]
  public var attempts: Int
  public var payload: String

  public init(id: String, number: Int) {
    self.id = id
    name = "job number \(number)"
    state = number % 3 == 0 ? "running" : "ready"
    priority = number % 10
    createdAt = 1_700_000_000 + Double(number)
    labels = ["team": "mail", "region": "eu-1", "tier": "gold", "owner": "host-\(number % 50)"]
    attempts = number % 4
    payload = String(repeating: "p", count: 120)
  }
}

/// A small part of a job.
public struct JobState: Sendable {
  public var isReady: Bool
  public var priority: Int
}

/// Keys `/bench/<queue 0..99>/<uuid>`, the same in every process.
public struct Jobs: Sendable {
  public static let keyspace = Keyspace<Job>(prefix: "/bench/") { $0.id }

  /// The same keys with values that are not decoded at all.
  public static let bytes = Keyspace<[UInt8]>(prefix: "/bench/", codec: BytesCodec()) { _ in Key("unknown") }

  /// What a dispatcher needs of a job.
  public static let states = keyspace.map { JobState(isReady: $0.state == "ready", priority: $0.priority) }

  /// The keys relative to the keyspace.
  public let keys: [Key]
  public let jobs: [Job]

  public init(count: Int) {
    var random = Random(seed: 1)
    let jobs = (0..<count).map { Job(id: "\(queue($0))/\(random.uuid())", number: $0) }
    self.jobs = jobs
    keys = jobs.map { Key($0.id) }
  }

  public var count: Int { jobs.count }

  /// What a store would hold: one key for each revision from 2 on.
  public func keyValues() throws -> [KeyValue] {
    try jobs.enumerated().map { try Jobs.keyValue($1, at: Revision(Int64($0) + 2)) }
  }

  public static func keyValue(_ job: Job, at revision: Revision) throws -> KeyValue {
    KeyValue(
      key: keyspace.storeKey(for: job.id), value: try keyspace.encode(job), createRevision: revision,
      modRevision: revision,
      version: 1)
  }
}

/// The name of a queue, of two digits.
public func queue(_ number: Int) -> String { number % 100 < 10 ? "0\(number % 100)" : "\(number % 100)" }

/// Bytes as they are.
public struct BytesCodec: Codec {
  public init() {}
  public func encode(_ value: [UInt8]) -> [UInt8] { value }
  public func decode(_ bytes: [UInt8]) -> [UInt8] { bytes }
}

/// SplitMix64: the same numbers in every run.
public struct Random: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uuid() -> String {
    let digits = Array("0123456789abcdef")
    var (high, low) = (next(), next())
    var text = ""
    for position in 0..<32 {
      if [8, 12, 16, 20].contains(position) { text.append("-") }
      if position == 16 { high = low; low = 0 }
      text.append(digits[Int(high >> 60)])
      high <<= 4
    }
    return text
  }
}
