/// A version of etcd, and which faults servers of that version have.
package struct ServerVersion: Hashable, Comparable, Sendable {
  package let major: Int
  package let minor: Int
  package let patch: Int
  /// Whether it came before the release of this number, as `3.6.0-alpha.0` did.
  package let isPreRelease: Bool

  package init(major: Int, minor: Int, patch: Int, isPreRelease: Bool = false) {
    (self.major, self.minor, self.patch, self.isPreRelease) = (major, minor, patch, isPreRelease)
  }

  /// Reads `3.5.1`, `v3.5.1` and `3.6.0-rc.0`; nil for what is no such version, as that of the embedded engine.
  package init?(_ text: String) {
    let digits = text.hasPrefix("v") ? text.dropFirst() : text[...]
    let parts = digits.prefix { $0 != "-" && $0 != "+" }.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let major = Int(parts[0]), let minor = Int(parts[1]), let patch = Int(parts[2]) else {
      return nil
    }
    // What follows a plus names the build.
    let isPreRelease = digits.prefix { $0 != "+" }.contains("-")
    self.init(major: major, minor: minor, patch: patch, isPreRelease: isPreRelease)
  }

  package static func < (left: ServerVersion, right: ServerVersion) -> Bool {
    let numbers = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
    return numbers.0 == numbers.1 ? left.isPreRelease && !right.isPreRelease : numbers.0 < numbers.1
  }

  /// Whether watches may lose events: under load (etcd issue 17529), at a compaction (18089), or a delete (19179).
  package var losesEvents: Bool {
    switch (major, minor) {
    case (3, 5): patch < 18
    case (3, 4): patch < 36
    default: self < ServerVersion(major: 3, minor: 4, patch: 0)
    }
  }

  /// Whether progress that was asked for comes after the events that it covers. Before 3.4.25 and 3.5.8 it may overtake them
  /// (15220), and from there on events may be lost that it then covers, until 3.4.31 and 3.5.13 (17529). Kubernetes draws
  /// the line at the same versions. What a version was before its release is not known.
  package var ordersRequestedProgress: Bool {
    switch (major, minor) {
    case (3, 4): patch >= 31 && !isPreRelease
    case (3, 5): patch >= 13 && !isPreRelease
    default: self >= ServerVersion(major: 3, minor: 6, patch: 0)
    }
  }

  /// Whether a request for progress gets no answer as long as its watch has had no event (17507).
  package var ignoresProgressRequestsWhenIdle: Bool {
    switch (major, minor) {
    case (3, 4): (25...30).contains(patch)
    case (3, 5): (8...12).contains(patch)
    default: false
    }
  }
}
