import Holdfast

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension FuzzTarget {
  /// Any text as a stored date: not one bit is lost between reading and writing, where the format can say it.
  static let date = FuzzTarget("date", seeds: dates, words: ["T", "Z", "-", "+", ":", ".", "23:59:60", "0000", "9999"])
  {
    bytes in
    let codec = JSONCodec<Date>()
    let text = try JSONCodec<String>().encode(String(decoding: bytes, as: UTF8.self))
    guard let date = try? codec.decode(text) else { return }
    let seconds = date.timeIntervalSince1970
    try promise(seconds.isFinite && abs(seconds) < 1e12, "a date at \(seconds)")
    let stored = try codec.encode(date)
    let again = try codec.decode(stored)
    guard (-62_167_219_200..<253_402_300_799).contains(seconds) else { return }
    // Nanoseconds are what the format holds; close to 2001 a date holds more.
    let gap = abs(again.timeIntervalSinceReferenceDate - date.timeIntervalSinceReferenceDate)
    try promise(gap <= 5.1e-10, "\(String(decoding: bytes, as: UTF8.self)) comes back \(gap) seconds away")
    try promise(try codec.encode(again) == stored, "it is written in two ways")
  }

  private static let dates = [
    "2026-03-31T19:34:05.25Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2024-02-29t23:59:60z",
    "2026-03-31 21:34:05+02:00", "2001-01-01T00:00:00.000000000001Z", "0001-03-01T00:00:00-23:59",
    "2000-12-31T23:59:59.99999999999999999999999Z",
  ].map { Array($0.utf8) }
}
