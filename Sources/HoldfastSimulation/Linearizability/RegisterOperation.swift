/// What one client asked of one key, and what it was told.
///
/// Values are tokens; nil is an absent key. Each write needs a token of its own where a compare goes by revision: by value,
/// a key that was changed and changed back looks as if nothing had happened.
///
/// An operation that is known never to have reached the store does not belong in a history.
package struct RegisterOperation: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    /// With what was read.
    case read(UInt64?)
    /// Whatever is there. Nil deletes.
    case write(UInt64?)
    /// Writes if the key is absent.
    case create(UInt64, succeeded: Bool)
    /// Writes if the value is the expected one. A new value of nil deletes.
    case compareAndSet(expected: UInt64?, new: UInt64?, succeeded: Bool)

    package static var delete: Self { .write(nil) }

    /// Leaves nothing of the state before it.
    var isUnconditional: Bool {
      if case .write = self { true } else { false }
    }
  }

  package let action: Action
  /// The step of the request.
  package let invoked: Int
  /// The step of the answer. Nil: the outcome is unknown; it takes effect at any time after the request, or never, and
  /// `succeeded` says nothing.
  package let returned: Int?

  /// The answer must not be earlier than the request.
  package init(_ action: Action, invoked: Int, returned: Int?) {
    precondition(returned.map { $0 >= invoked } ?? true, "an answer before its request")
    self.action = action
    self.invoked = invoked
    self.returned = returned
  }

  /// False if the operation cannot have ended as it did on this state. One whose outcome is unknown counts as successful:
  /// where its condition does not hold, it might as well never have arrived.
  func apply(to state: inout UInt64?) -> Bool {
    switch action {
    case .read(let value):
      return state == value
    case .write(let value):
      state = value
      return true
    case .create(let value, let succeeded):
      return compareAndSet(&state, expected: nil, new: value, succeeded)
    case .compareAndSet(let expected, let new, let succeeded):
      return compareAndSet(&state, expected: expected, new: new, succeeded)
    }
  }

  private func compareAndSet(_ state: inout UInt64?, expected: UInt64?, new: UInt64?, _ succeeded: Bool) -> Bool {
    guard succeeded || returned == nil else { return state != expected }
    guard state == expected else { return false }
    state = new
    return true
  }
}
