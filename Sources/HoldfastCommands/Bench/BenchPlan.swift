import Holdfast

/// What `holdfast bench` is to do.
struct BenchPlan: Sendable {
  /// Where; nothing may be there.
  let prefix: Key
  let keys: Int
  let valueSize: Int
  let clients: Int
  /// How long each measurement takes: for a time, or so many operations.
  let extent: BenchExtent
  /// How long loading a cache may take.
  var loading: Duration?
  /// How long a write that is under way may take when the run is interrupted. With what cleaning up may take then it is less than
  /// the 5 seconds that an interrupted command has.
  let grace = Duration.seconds(1)

  /// A folder of this run's own below the prefix, so that what is deleted at the end was made here, whatever others write below the
  /// prefix meanwhile.
  let keyspace: Keyspace<RawValue>
  let names: [Key]
  let value: [UInt8]

  /// What a run may write in all. Writes stay in a store's history until it is compacted, and etcd takes no more than 2 GiB by
  /// default.
  static let writtenLimit = 256 << 20
  /// What the keys may hold together: the whole of it is listed again and again.
  static let heldLimit = 64 << 20
  /// What a write costs a store beside its value, generously.
  private static let overhead = 256
  /// How many of the measurements write.
  private static let writers = 2

  init(prefix: Key, keys: Int, valueSize: Int, clients: Int, extent: BenchExtent) {
    self.prefix = prefix.asFolder
    (self.keys, self.valueSize, self.clients, self.extent) = (keys, valueSize, clients, extent)
    keyspace = .raw(below: self.prefix.appending(Key(Self.randomName())))
    // In no order, so that neighbours are not read one after the other.
    names = (0..<keys).map { Key("\($0)") }.shuffled()
    value = (0..<valueSize).map { _ in UInt8.random(in: .min ... .max) }
  }

  static func randomName() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }

  /// About how many bytes are written for so many samples of each measurement that writes.
  static func written(samples: Int, keys: Int, valueSize: Int) -> Int {
    (keys + writers * (samples + max(1, samples / 10))) * (valueSize + overhead)
  }

  /// The samples of each measurement that writes which ``writtenLimit`` allows.
  var writesAllowed: Int {
    let all = (Self.writtenLimit / (valueSize + Self.overhead) - keys) / Self.writers
    return max(1, all * 10 / 11)
  }

  /// The name of the key that is the turn of.
  func name(_ ordinal: Int) -> Key { names[ordinal % names.count] }
}
