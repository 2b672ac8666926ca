internal import HoldfastCore

extension MVCCStore {
  /// An error that says at which revision the store answered.
  func failure(_ code: HoldfastError.Code, _ message: String, key: Key? = nil) -> HoldfastError {
    HoldfastError(code, message, key: key, revision: revision)
  }

  /// Gives every error of `body` the outcome `refused`: the store checks a request whole before it changes anything.
  static func refusing<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch {
      throw HoldfastError(wrapping: error).with(outcome: .refused)
    }
  }

  /// etcd refuses the empty key; a range that begins with it begins with the first key there is.
  func check(_ range: KeyRange) throws {
    if range.start.isEmpty && range.isSingleKey { throw failure(.invalidArgument, "the key is empty") }
  }

  /// Whether a state can be read: neither forgotten nor yet to come.
  func check(readableAt revision: Revision?) throws {
    guard let revision, revision > .zero else { return }
    if revision > self.revision {
      throw failure(.futureRevision, "revision \(revision) is beyond the store's, \(self.revision)")
    }
    if let compactRevision, revision < compactRevision { throw compacted(revision, compactRevision) }
  }

  func compacted(_ revision: Revision, _ compactRevision: Revision) -> HoldfastError {
    var error = failure(.compacted, "revision \(revision) has been compacted; the store begins at \(compactRevision)")
    error.compactRevision = compactRevision
    return error
  }

  func check(size: Int) throws {
    if size > limits.requestBytes {
      throw failure(.requestTooLarge, "the request has \(size) bytes, more than \(limits.requestBytes)")
    }
  }
}
