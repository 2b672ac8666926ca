extension FuzzTarget {
  /// What can be fuzzed without the network's libraries.
  package static let core: [FuzzTarget] = [watch, cache, list, transaction, gzip, json, date, keys]
}
