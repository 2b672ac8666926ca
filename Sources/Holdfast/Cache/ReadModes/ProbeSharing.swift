/// Who shares which probe (rule 4): all who ask before one is sent, and nobody who asks later, since its answer may be of before
/// he asked. One is in flight, and one may be waited for. Pure.
package struct ProbeSharing: Sendable {
  private var waiting: Set<Int> = []
  /// Those whom the probe in flight is for; nil when none is.
  private var served: Set<Int>?

  package init() {}

  /// Whether a probe is to be made and sent now.
  package var isDue: Bool { served == nil && !waiting.isEmpty }
  package var isInFlight: Bool { served != nil }

  package mutating func ask(_ reader: Int) { waiting.insert(reader) }

  /// Does not wait any more.
  package mutating func leave(_ reader: Int) {
    waiting.remove(reader)
    served?.remove(reader)
  }

  /// A probe is sent next.
  package mutating func send() {
    served = waiting
    waiting = []
  }

  /// The probe was answered, or failed: whom to tell.
  package mutating func end() -> Set<Int> {
    defer { served = nil }
    return served ?? []
  }
}
