import Holdfast
import HoldfastCore
import TestSupport

/// One client that writes: everything that can be written, at random, one after the other.
struct Writer {
  let stage: Stage
  let store: Int
  /// A cache of the store, for what an update begins with.
  let cache: Int
  var random = SystemRandomNumberGenerator()

  private var recorder: Recorder { stage.recorder }

  mutating func run() async {
    while !stage.isStopped {
      if stage.beginWork() {
        await writeOnce()
        stage.endWork()
      }
      // The pace of the load, not a wait for anything.
      try? await Task.sleep(for: .milliseconds(Int.random(in: 1...8, using: &random)))
    }
  }

  private mutating func writeOnce() async {
    let token = recorder.token()
    let solo = "solo/\(Int.random(in: 0..<8, using: &random))"
    let folder = "dir/\(Int.random(in: 0..<3, using: &random))/"
    let pair = "pair/\(Int.random(in: 0..<4, using: &random))/"
    let store = stage.stores[store]
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<20: await put(solo, token)
    case 20..<35: await put(folder + "\(Int.random(in: 0..<4, using: &random))", token)
    case 35..<43:
      await record([.create(solo, token: token)]) {
        (try await store.commit(things.create(Thing(id: solo, token: token))).revision.rawValue, 0)
      }
    case 43..<55: await update(solo, token)
    case 55..<62:
      await record([.delete(solo)]) {
        let done = try await store.commit(things.delete(solo))
        return (done.revision.rawValue, done.result)
      }
    case 62..<67: await deleteIf(solo)
    case 67..<74: await deletePrefix(folder)
    case 74..<77: await deletePrefix(pair)
    case 77..<80:
      // A value that is none, then a good one, by somebody else; what fails is not ours to judge.
      let bad = "bad/\(token % 2)"
      if let member = try? await stage.witness.servingMember() {
        _ = try? await member.put(key: Witness.thingsPrefix + bad, value: #"{"id":"#)
        _ = try? await member.put(key: Witness.thingsPrefix + bad, value: Thing(id: bad, token: token).json)
        _ = try? await member.put(key: Witness.thingsPrefix + "bad/2", value: "\(token)")
      }
    default:
      let (left, right) = (pair + "a", pair + "b")
      await record([.put(left, token: token), .put(right, token: token)]) {
        let done = try await store.commit(
          things.put(Thing(id: left, token: token)), things.put(Thing(id: right, token: token)))
        return (done.revision.rawValue, 0)
      }
    }
  }

  private func put(_ key: String, _ token: Int) async {
    await record([.put(key, token: token)]) {
      (try await stage.stores[store].commit(things.put(Thing(id: key, token: token))).revision.rawValue, 0)
    }
  }

  private func update(_ key: String, _ token: Int) async {
    guard let held = try? stage.caches[cache].get(key) else { return }
    await record([.update(key, token: token, expected: held.modRevision.rawValue)]) {
      let change = things.update(held) { $0.token = token }
      return (try await stage.stores[store].commit(change).revision.rawValue, 0)
    }
  }

  private func deleteIf(_ key: String) async {
    guard let held = try? stage.caches[cache].get(key) else { return }
    await record([.deleteIf(key, expected: held.modRevision.rawValue)]) {
      let done = try await stage.stores[store].commit(things.delete(held))
      return (done.revision.rawValue, done.result)
    }
  }

  private func deletePrefix(_ prefix: String) async {
    await record([.deletePrefix(prefix)]) {
      let done = try await stage.stores[store].commit(things.delete(prefix: prefix))
      return (done.revision.rawValue, done.result)
    }
  }

  func record(
    _ operations: [WriteRecord.Operation], _ body: () async throws -> (revision: Int64, deleted: Int)
  ) async {
    let start = recorder.instant()
    let (outcome, failure): (WriteRecord.Outcome, String?)
    do {
      let (revision, deleted) = try await body()
      (outcome, failure) = (.applied(at: revision, deleted: deleted), nil)
    } catch {
      let error = HoldfastError(wrapping: error)
      failure = error.code.name
      outcome =
        switch error.outcome {
        case .refused: .refused
        case .unknown: .unknown
        case .applied: error.revision.map { .applied(at: $0.rawValue, deleted: 1) } ?? .unknown
        case nil: .untold("\(error)")
        }
    }
    recorder.add(
      WriteRecord(
        store: store, span: Span(start: start, end: recorder.instant()), operations: operations, outcome: outcome,
        time: recorder.time), failure: failure)
  }
}
