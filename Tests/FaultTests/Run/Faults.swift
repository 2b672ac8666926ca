import Testing

/// All runs are one after the other: each has a load of its own, and time limits that neighbours would use up.
@Suite(.serialized, .timeLimit(.minutes(60)))
enum Faults {}
