import Foundation
import HoldfastStructures
import Synchronization

/// Readers, more than there are cores, beside a writer: every one checks what it sees.
final class Stress: Sendable {
  let index: ConcurrentIndex
  /// The same, as the cache reads it.
  private let map: EntryMap<Item>
  private let keys: [[UInt8]]
  /// Written together, in every step: whoever sees one sees the other.
  private let pair = [Array("p/a".utf8), Array("p/b".utf8)]
  /// Of these each step deletes one and puts the other.
  private let swapped = [Array("s/a".utf8), Array("s/b".utf8)]
  private let isOver = Atomic<Bool>(false)
  private let reads = Atomic<Int>(0)
  private let steps = Atomic<Int>(0)

  init(keys: Int, barrier: Epochs.Barrier) {
    map = EntryMap(prefix: [], barrier: barrier)
    index = map.index
    self.keys = (0..<keys).map { Array("k/\($0 % 97)/\($0)".utf8) }
  }

  func run(readers: Int, seconds: Double) {
    let group = DispatchGroup()
    func spawn(_ body: @escaping @Sendable () -> Void) {
      group.enter()
      Thread {
        body()
        group.leave()
      }.start()
    }
    for reader in 0..<readers {
      spawn {
        // Threads come and go: slots are handed on.
        var random = Random(state: UInt64(reader + 1))
        while !self.isOver.load(ordering: .relaxed) {
          let done = DispatchSemaphore(value: 0)
          let seed = random.next()
          Thread {
            self.read(Random(state: seed), isSlow: reader == 0)
            done.signal()
          }.start()
          done.wait()
        }
      }
    }
    spawn { self.write() }
    Thread.sleep(forTimeInterval: seconds)
    isOver.store(true, ordering: .relaxed)
    group.wait()
    let gauge = index.reclaim()
    check(gauge.pending == 0, "\(gauge.pending) of \(gauge.retired) retired items were not freed")
    let count = index.read { $0.count }
    let living = Item.living.load(ordering: .relaxed)
    check(living == count, "\(living) entries live, the index holds \(count)")
    let (done, written) = (reads.load(ordering: .relaxed), steps.load(ordering: .relaxed))
    check(done > 0 && written > 0, "nothing was tried")
    print(
      "\(index.barrierName): \(readers) readers, \(Epochs.slotCount) slots, \(done) rounds of reads, \(written) steps,"
        + " \(gauge.retired) retired and freed, \(count) entries left")
  }

  private func write() {
    var random = Random(state: 99)
    var step = 0
    while !isOver.load(ordering: .relaxed) {
      step += 1
      // Grows to everything, shrinks to nothing.
      let phase = step / 2_000 % 4
      var changes = pair.map { ConcurrentIndex.Change(keyBytes: $0, entry: Item($0, step)) }
      changes.append(ConcurrentIndex.Change(keyBytes: swapped[step % 2], entry: nil))
      changes.append(ConcurrentIndex.Change(keyBytes: swapped[1 - step % 2], entry: Item(swapped[1 - step % 2], step)))
      let size = step % 500 == 0 ? 2_000 : 1 + random.below(4)
      for _ in 0..<size {
        let key = keys[random.below(keys.count)]
        let isPut = random.below(10) < [9, 5, 1, 0][phase]
        changes.append(ConcurrentIndex.Change(keyBytes: key, entry: isPut ? Item(key, step) : nil))
      }
      index.publish(changes) { $0.revision = Int64(step) }
      steps.add(1, ordering: .relaxed)
    }
  }

  private func read(_ random: Random, isSlow: Bool) {
    var random = random
    var newest: [Int] = Array(repeating: 0, count: keys.count)
    var floor = 0
    for _ in 0..<400 where !isOver.load(ordering: .relaxed) {
      // Between reads nothing goes back, whatever is read.
      let first = version(pair[0])
      check(first >= floor, "a pair went back from \(floor) to \(first)")
      let second = version(pair[1])
      check(second >= first, "half of step \(first) was seen: \(second)")
      floor = second
      for _ in 0..<20 {
        let number = random.below(keys.count)
        let seen = version(keys[number])
        // A deleted key has no version.
        check(seen == 0 || seen >= newest[number], "key \(number) went back from \(newest[number]) to \(seen)")
        newest[number] = max(newest[number], seen)
      }
      inOneRead(&floor, rounds: isSlow ? 200 : 1, &random)
      inOneListing(&floor, &random)
    }
    reads.add(1, ordering: .relaxed)
  }

  private func version(_ key: [UInt8]) -> Int {
    // The handle outlives the read.
    let item: Item? = index.read { view in key.withUnsafeBytes { index.lookUp($0, in: view)?.item } }
    check(item?.isAlive ?? true, "a handle to what was freed")
    check(item?.decodedVersion == item?.version, "an item's value is that of another one")
    return item?.version ?? 0
  }

  private func versions(_ key: [UInt8], in view: borrowing ConcurrentIndex.View) -> (tree: Int, table: Int) {
    key.withUnsafeBytes { key in
      (view.find(key)?.item.version ?? 0, index.lookUp(key, in: view)?.item.version ?? 0)
    }
  }

  /// One state, looked at in several ways, and again after a while.
  private func inOneRead(_ floor: inout Int, rounds: Int, _ random: inout Random) {
    floor = index.read { view in
      let revision = Int(view.marks.revision)
      check(revision >= floor, "the state went back from \(floor) to \(revision)")
      for _ in 0..<rounds {
        // Reads inside of this one leave it what it sees.
        _ = version(keys[random.below(keys.count)])
        let start = random.below(max(1, view.count))
        var last: [UInt8] = []
        view.forEach(from: start, count: min(50, view.count - start)) {
          let item = $0.item
          check(item.decodedVersion == item.version, "a lent value that was freed")
          check(item.isAlive && item.version <= revision, "an entry of \(item.version) in state \(revision)")
          check(last.lexicographicallyPrecedes(item.keyBytes), "out of order at \(item.keyBytes)")
          last = item.keyBytes
          return true
        }
        let rank = last.withUnsafeBytes { view.rank($0) }
        check(last.isEmpty || rank == start + min(50, view.count - start) - 1, "a rank of \(rank) after \(start)")
        // By the table and by the tree, however much is written meanwhile.
        for key in pair {
          let found = versions(key, in: view)
          check(found == (revision, revision), "\(found) in state \(revision)")
        }
        let there = versions(swapped[1 - revision % 2], in: view)
        let gone = versions(swapped[revision % 2], in: view)
        check(
          revision == 0 || there == (revision, revision) && gone == (0, 0),
          "a delete and a put of state \(revision) as \((gone, there))")
        let any = versions(keys[random.below(keys.count)], in: view)
        check(any.0 == any.1, "the tree says \(any.0) and the table \(any.1) in state \(revision)")
      }
      return revision
    }
  }
}

extension Stress {
  /// A range of one state as the cache lists it: by parts that are fetched before they are looked at.
  private func inOneListing(_ floor: inout Int, _ random: inout Random) {
    floor = map.read { view in
      let revision = Int(view.marks.revision)
      check(revision >= floor, "the list went back from \(floor) to \(revision)")
      let start = random.below(max(1, view.count))
      let ranks = start..<min(start + 200, view.count)
      var seen: [Item] = []
      view.forEach(ranks, fetching: { $0.decodedAddress }) { item in
        check(item.isAlive && item.version <= revision, "an item of \(item.version) in state \(revision)")
        check(item.decodedVersion == item.version, "a listed value that was freed")
        seen.append(item)
      }
      check(seen.count == ranks.count, "\(seen.count) items in \(ranks)")
      let inOrder = zip(seen, seen.dropFirst()).allSatisfy { $0.keyBytes.lexicographicallyPrecedes($1.keyBytes) }
      check(inOrder, "out of order in \(ranks)")
      return revision
    }
  }
}

extension ConcurrentIndex {
  var barrierName: String { isAsymmetric ? "membarrier" : "fences" }
}

struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % bound }
}

func check(_ isTrue: Bool, _ message: @autoclosure () -> String) {
  if isTrue { return }
  FileHandle.standardError.write(Data("stress: \(message())\n".utf8))
  exit(1)
}
