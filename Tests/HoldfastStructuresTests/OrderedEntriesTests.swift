import HoldfastStructures
import Testing

/// The ordered value against a dictionary that does the same, with copies that must stay what they were.
@Suite struct OrderedEntriesTests {
  private final class Item: Entry, @unchecked Sendable {
    let number: Int

    init(_ key: [UInt8], _ number: Int) {
      self.number = number
      super.init(keyBytes: key)
    }
  }

  private typealias Model = [[UInt8]: Int]

  private func check(_ entries: OrderedEntries<Item>, _ model: Model, _ random: inout SplitMix) {
    let sorted = model.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    #expect(entries.count == model.count)
    var listed: [Int] = []
    entries.forEach(0..<entries.count) {
      listed.append($0.number)
      return true
    }
    #expect(listed == sorted.map(\.value))
    var iterator = entries.makeIterator()
    var iterated: [Int] = []
    while let next = iterator.next() { iterated.append(next.number) }
    #expect(iterated == listed)
    for _ in 0..<4 {
      let bound = randomKey(&random)
      let rank = sorted.count { $0.key.lexicographicallyPrecedes(bound) }
      #expect(entries.rank(bound) == rank)
      #expect(entries[bound]?.number == model[bound])
      // From there on, and not to the end.
      var first: [Int] = []
      entries.forEach(rank..<entries.count) {
        first.append($0.number)
        return first.count < 3
      }
      #expect(first == Array(sorted[rank...].prefix(3).map(\.value)))
    }
  }

  /// Mostly with a beginning that they share; some without, which come late.
  private func randomKey(_ random: inout SplitMix) -> [UInt8] {
    let letters: [UInt8] = [0, 1, 0x2F, 0x61, 0xFF]
    let shared: [UInt8] = random.next() % 40 == 0 ? [] : Array("shared/part/".utf8)
    return shared + (0..<Int(random.next() % 7)).map { _ in letters[Int(random.next() % 5)] }
  }

  @Test(arguments: 1...3) func doesWhatADictionaryDoes(_ seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    var entries = OrderedEntries<Item>()
    var model: Model = [:]
    var held: [(OrderedEntries<Item>, Model)] = []
    for step in 1...1_500 {
      let key = randomKey(&random)
      // Grows first, shrinks to nothing then.
      if Int(random.next() % 10) < (step < 1_000 ? 8 : 0) {
        let number = Int(random.next() % 100_000)
        #expect(entries.set(Item(key, number))?.number == model.updateValue(number, forKey: key))
      } else {
        let key = step < 1_000 ? key : model.keys.first ?? key
        #expect(entries.remove(key)?.number == model.removeValue(forKey: key))
      }
      if step % 250 == 0 {
        check(entries, model, &random)
        held.append((entries, model))
      }
    }
    #expect(!held.isEmpty)
    for (entries, model) in held { check(entries, model, &random) }
  }

  @Test(arguments: [0, 1, 47, 48, 49, 5_000]) func isMadeOfWhatIsInOrder(_ count: Int) {
    var random = SplitMix(state: 3)
    let keys = Set((0..<count).map { Array("shared/\($0)".utf8) }).sorted {
      $0.lexicographicallyPrecedes($1)
    }
    let items = keys.enumerated().map { Item($1, $0) }
    check(
      OrderedEntries(ascending: items),
      Dictionary(uniqueKeysWithValues: items.map { ($0.keyBytes, $0.number) }), &random)
  }
}
