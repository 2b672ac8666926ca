/// A version of etcd, and which faults servers of that version have.
package struct ServerVersion: Hashable, Comparable, Sendable {
  package let major: Int
  package let minor: Int
  package let patch: Int

  package init(major: Int, minor: Int, patch: Int) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
  }

  /// Reads `3.5.1`, `v3.5.1` and `3.6.0-rc.0`; nil for what is no such version, as that of the embedded engine.
  package init?(_ text: String) {
    let digits = text.hasPrefix("v") ? text.dropFirst() : text[...]
    let parts = digits.prefix { $0 != "-" && $0 != "+" }.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let major = Int(parts[0]), let minor = Int(parts[1]), let patch = Int(parts[2]) else {
      return nil
    }
    self.init(major: major, minor: minor, patch: patch)
  }

  package static func < (left: ServerVersion, right: ServerVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }

  /// Whether watches may lose events: under load (etcd issue 17529), at a compaction (18089), or a delete (19179).
  package var losesEvents: Bool {
    switch (major, minor) {
    case (3, 5): patch < 18
    case (3, 4): patch < 36
    default: self < ServerVersion(major: 3, minor: 4, patch: 0)
    }
  }
}
