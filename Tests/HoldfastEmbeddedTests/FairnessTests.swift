import Foundation
import HoldfastCore
import HoldfastEmbedded
import Testing

/// An engine call needs no waiting, yet must give other tasks their turn, as a network would: else tasks that repeat a call
/// until another task has done its part keep that task from running for ever.
@Suite struct FairnessTests {
  @Test(.timeLimit(.minutes(1))) func callsInALoopLetOthersRun() async throws {
    let engine = EmbeddedEngine()
    let refused = TransactionRequest(compares: [Compare(key: "a", .version(0), .greater)], success: [])
    await withTaskGroup(of: Void.self) { group in
      // One more than there are threads to run them.
      for _ in 0...ProcessInfo.processInfo.activeProcessorCount {
        group.addTask { while !Task.isCancelled { _ = try? await engine.transact(refused) } }
      }
      group.addTask { _ = try? await engine.put(PutRequest(key: "a", value: [])) }
      await group.next()
      group.cancelAll()
    }
  }
}
