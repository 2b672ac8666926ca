internal import Holdfast

/// What the cases store.
struct Thing: Codable, Sendable, Equatable {
  var id: String
  var text = ""
}

extension Stored<Thing> {
  /// `a=text`.
  var summary: String { "\(key)=\(value.text)" }
}
