internal import HoldfastCore

/// etcd's rule that no transaction writes a key twice: neither two puts, nor a put and a delete that covers it. The two
/// branches of one transaction exclude each other, so both may put a key; deletes may overlap.
///
/// It is etcd's own order of looking, with its gaps: deletes are collected level by level, so a nested put before a *later*
/// nested delete passes, and so does a put beside a delete without an end. Both were seen on 3.4.23 and 3.5.1. Then the
/// operations apply in their order, at one revision.
struct DuplicateCheck {
  private var puts: Set<Key> = []
  private var deletes: [KeyRange] = []

  /// A key that is written twice, if there is one; branches that are not taken count too.
  static func duplicate(in request: TransactionRequest) -> Key? {
    var (success, failure) = (DuplicateCheck(), DuplicateCheck())
    return success.collect(request.success) ?? failure.collect(request.failure)
  }

  private mutating func collect(_ operations: [StoreRequest]) -> Key? {
    for case .deleteRange(let request) in operations where request.range.end != nil { deletes.append(request.range) }
    for case .transaction(let request) in operations {
      if let key = collect(nested: request) { return key }
    }
    for case .put(let request) in operations {
      if puts.contains(request.key) || isDeleted(request.key) { return request.key }
      puts.insert(request.key)
    }
    return nil
  }

  private mutating func collect(nested request: TransactionRequest) -> Key? {
    var (success, failure) = (DuplicateCheck(), DuplicateCheck())
    if let key = success.collect(request.success) ?? failure.collect(request.failure) { return key }
    let both = success.puts.union(failure.puts)
    if let key = both.filter({ puts.contains($0) || isDeleted($0) }).min() { return key }
    puts.formUnion(both)
    deletes += success.deletes + failure.deletes
    return nil
  }

  private func isDeleted(_ key: Key) -> Bool { deletes.contains { $0.contains(key) } }
}
