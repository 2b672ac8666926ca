import HoldfastStructures
import TestSupport
import Testing

/// The index against a dictionary that does the same.
@Suite struct ConcurrentIndexTests {
  private final class Item: Entry, @unchecked Sendable {
    let number: Int

    init(_ key: [UInt8], _ number: Int) {
      self.number = number
      super.init(keyBytes: key)
    }

    override func duplicate() -> Entry { Item(keyBytes, number) }
    override var weight: Int { number }
  }

  private static let prefix = Array("/p/".utf8)

  /// By the table and by the tree, which must agree.
  private func found(_ index: ConcurrentIndex, _ key: [UInt8]) -> Int? {
    index.read { view in
      key.withUnsafeBytes { bytes in
        let (lookedUp, found) = (index.lookUp(bytes, in: view), view.find(bytes))
        #expect(lookedUp?.toOpaque() == found?.toOpaque())
        return found?._withUnsafeGuaranteedRef { unsafeDowncast($0, to: Item.self).number }
      }
    }
  }

  private func listed(_ index: ConcurrentIndex, _ low: [UInt8], _ high: [UInt8]) -> [Int] {
    index.read { view in
      let start = low.withUnsafeBytes { view.rank($0) }
      let end = high.withUnsafeBytes { view.rank($0) }
      var numbers: [Int] = []
      view.forEach(from: start, count: end - start) {
        numbers.append($0._withUnsafeGuaranteedRef { unsafeDowncast($0, to: Item.self).number })
        return true
      }
      return numbers
    }
  }

  /// Keys of all lengths, equal for long, with zeros at their ends: what digests and comparisons must tell apart.
  private func randomKey(_ random: inout SplitMix) -> [UInt8] {
    let letters: [UInt8] = [0, 1, 0x2F, 0x61, 0xFF]
    let shared: [UInt8] = random.next() % 2 == 0 ? [] : Array("shared/part/".utf8)
    return shared + (0..<Int(random.next() % 6)).map { _ in letters[Int(random.next() % 5)] }
  }

  @Test(arguments: [Epochs.Barrier.best, .fences], 1...2)
  func doesWhatADictionaryDoes(_ barrier: Epochs.Barrier, _ seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    let index = ConcurrentIndex(skip: Self.prefix.count, barrier: barrier)
    var model: [[UInt8]: Int] = [:]
    for step in 1...400 {
      // Grows first, shrinks then.
      let puts = step < 200 ? 8 : 3
      var changes: [ConcurrentIndex.Change] = []
      for _ in 0..<Int(random.next() % 24) {
        let key = randomKey(&random)
        if Int(random.next() % 10) < puts {
          let number = Int(random.next() % 100_000)
          model[key] = number
          changes.append(.init(keyBytes: Self.prefix + key, entry: Item(Self.prefix + key, number)))
        } else {
          model[key] = nil
          changes.append(.init(keyBytes: Self.prefix + key, entry: nil))
        }
      }
      index.publish(changes) { $0.revision = Int64(step) }
      let key = randomKey(&random)
      #expect(found(index, key) == model[key])
      let bounds = [randomKey(&random), randomKey(&random)].sorted { $0.lexicographicallyPrecedes($1) }
      let between = model.filter {
        !$0.key.lexicographicallyPrecedes(bounds[0]) && $0.key.lexicographicallyPrecedes(bounds[1])
      }
      let expected = between.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
      #expect(listed(index, bounds[0], bounds[1]) == expected)
      let (count, weight, revision) = index.read { ($0.count, $0.weight, $0.marks.revision) }
      #expect(count == model.count)
      #expect(weight == model.values.reduce(0, +))
      #expect(revision == Int64(step))
    }
    for (key, number) in model { #expect(found(index, key) == number) }
  }

  @Test func manyKeysInAndOutLeaveNothingBehind() async throws {
    let index = ConcurrentIndex(skip: 0)
    var random = SplitMix(state: 7)
    var keys = (0..<4_000).map { Array("\($0)".utf8) }
    for key in keys { index.publish([.init(keyBytes: key, entry: Item(key, 1))]) }
    #expect(index.read { $0.count } == 4_000)
    keys.shuffle(using: &random)
    for (step, key) in keys.enumerated() {
      index.publish([.init(keyBytes: key, entry: nil)])
      if step % 200 == 0 {
        #expect(found(index, key) == nil)
        #expect(keys[(step + 1)...].prefix(50).allSatisfy { found(index, $0) == 1 })
      }
    }
    #expect(index.read { $0.count } == 0)
    #expect(index.gauge.retired > 0)
    try await becomesFree(index)
  }

  /// There is one list of readers for the process, and other tests read meanwhile.
  private func becomesFree(_ index: ConcurrentIndex) async throws {
    try await eventually("nothing that was retired is kept") { index.reclaim().pending == 0 }
  }

  /// A few large values that were replaced are not kept until there are many.
  @Test func whatIsLargeIsFreedSoon() async throws {
    let index = ConcurrentIndex(skip: 0)
    let key = Array("a".utf8)
    var round = 0
    // The first that nobody reads beside frees what was retired before.
    try await eventually("something is freed") {
      round += 1
      index.publish([.init(keyBytes: key, entry: Item(key, (1 << 20) + round))])
      return index.gauge.freed > 0
    }
    let small = ConcurrentIndex(skip: 0)
    for round in 1...4 { small.publish([.init(keyBytes: key, entry: Item(key, round))]) }
    #expect(small.gauge.freed == 0)
  }

  @Test func anEntryIsPublishedAgainAsACopy() {
    let index = ConcurrentIndex(skip: 0)
    let key = Array("a".utf8)
    let item = Item(key, 1)
    index.publish([.init(keyBytes: key, entry: item)])
    index.publish([.init(keyBytes: key, entry: nil)])
    #expect(found(index, key) == nil)
    index.publish([.init(keyBytes: key, entry: item)])
    #expect(found(index, key) == 1)
  }

  /// The marks say that there was something to read, so what was there must be found: "no such key" would be a lie.
  @Test func aReadThatBeganBeforeEverythingWasForgottenStillFindsIt() {
    let index = ConcurrentIndex(skip: 0)
    let key = Array("a".utf8)
    index.publish([.init(keyBytes: key, entry: Item(key, 1))]) { $0.isLoaded = true }
    func number(_ entry: Unmanaged<Entry>?) -> Int? {
      entry?._withUnsafeGuaranteedRef { unsafeDowncast($0, to: Item.self).number }
    }
    index.read { view in
      index.publish([]) { $0.isLoaded = false }
      index.publish([.init(keyBytes: key, entry: nil)])
      #expect(view.marks.isLoaded)
      #expect(number(key.withUnsafeBytes { index.lookUp($0, in: view) }) == 1)
      index.publish([.init(keyBytes: key, entry: Item(key, 2))]) { $0.isLoaded = true }
      #expect(number(key.withUnsafeBytes { index.lookUp($0, in: view) }) == 1)
    }
    #expect(found(index, key) == 2)
  }

  @Test func whatAReadSeesOutlivesEverythingThatIsPublishedMeanwhile() async throws {
    let index = ConcurrentIndex(skip: 0)
    let keys = (0..<500).map { Array("\($0)".utf8) }
    index.publish(keys.map { .init(keyBytes: $0, entry: Item($0, 1)) })
    index.read { view in
      for round in 2...20 {
        // A read inside a read sees the newest, and leaves the outer one what that sees.
        #expect(found(index, keys[0]) == (round == 2 ? 1 : round % 2 == 0 ? round - 1 : nil))
        index.publish(keys.map { .init(keyBytes: $0, entry: round % 2 == 0 ? nil : Item($0, round)) })
        index.reclaim()
      }
      var numbers: Set<Int> = []
      view.forEach(from: 0, count: view.count) {
        numbers.insert($0._withUnsafeGuaranteedRef { unsafeDowncast($0, to: Item.self).number })
        return true
      }
      #expect(view.count == 500 && numbers == [1])
      for key in keys {
        let held = key.withUnsafeBytes { index.lookUp($0, in: view) }
        #expect(held?._withUnsafeGuaranteedRef { unsafeDowncast($0, to: Item.self).number } == 1)
      }
      #expect(found(index, keys[0]) == nil)
      #expect(index.gauge.pending > 0)
    }
    try await becomesFree(index)
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
