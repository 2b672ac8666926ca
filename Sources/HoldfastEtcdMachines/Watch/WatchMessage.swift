package import HoldfastCore

/// One message of a watch stream, as the server sent it: nothing in it is believed yet.
package struct WatchMessage: Hashable, Sendable {
  package struct Event: Hashable, Sendable {
    package enum Kind: Sendable { case put, delete, unknown }

    package var kind: Kind
    package var keyValue: KeyValue?
    package var previous: KeyValue?

    package init(_ kind: Kind, _ keyValue: KeyValue?, previous: KeyValue? = nil) {
      self.kind = kind
      self.keyValue = keyValue
      self.previous = previous
    }
  }

  /// Nil when the server left it out.
  package var header: ResponseHeader?
  package var watchID: Int64
  package var created = false
  package var canceled = false
  /// Above zero when the watch was cancelled because its start was compacted away.
  package var compactRevision: Revision = .zero
  package var cancelReason = ""
  /// Whether more of the same revision follows in the next message.
  package var fragment = false
  package var events: [Event] = []

  package init(header: ResponseHeader?, watchID: Int64) {
    self.header = header
    self.watchID = watchID
  }

  /// The id of messages that concern no watch in particular.
  package static let broadcastID: Int64 = -1
}

/// What is sent on a watch stream.
package enum WatchCommand: Hashable, Sendable {
  /// Create the watch under this id, from this revision on (nil: from now on).
  case create(id: Int64, from: Revision?)
  /// Ask for a progress message, which comes with the id −1.
  case requestProgress
}

/// How long a watch may be silent before it is asked, and before it is given up.
package struct WatchTiming: Hashable, Sendable {
  /// The silence after which the server is asked for progress.
  package var silence: Duration
  /// The time the server has to answer: a create, or the request for progress.
  package var answer: Duration

  package init(silence: Duration = .seconds(15), answer: Duration = .seconds(5)) {
    self.silence = silence
    self.answer = answer
  }
}
