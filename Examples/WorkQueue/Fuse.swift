import Synchronization

/// Cuts a worker off, at a point that was chosen beforehand: at any moment, while a request is on its way, or right after a
/// claim was acknowledged.
final class Fuse: Sendable {
  enum Point: CaseIterable {
    case anywhere
    /// While the claim is on its way.
    case claim
    /// After the claim was acknowledged, before the work is done.
    case claimed
    /// While the finishing transaction is on its way.
    case finish
  }

  private let point: Point
  private let isLit = Mutex(false)

  init(_ point: Point) { self.point = point }

  /// From now on the worker is cut off as soon as it comes to the point. Returns whether that is right now.
  func light() -> Bool {
    isLit.withLock { $0 = true }
    return point == .anywhere
  }

  func check(_ here: Point) throws {
    if isLit.withLock({ $0 }), here == point { throw CancellationError() }
  }

  /// Executes a request; when the fuse is lit for it, gives up while it is on its way.
  func guarding<R: Sendable>(
    _ here: Point, _ request: @escaping @Sendable () async throws -> R
  ) async throws -> R {
    guard isLit.withLock({ $0 }), here == point else { return try await request() }
    return try await withThrowingTaskGroup(of: R.self) { group in
      group.addTask { try await request() }
      try? await Task.sleep(for: .microseconds(Int.random(in: 0...500)))
      group.cancelAll()
      throw CancellationError()
    }
  }
}
