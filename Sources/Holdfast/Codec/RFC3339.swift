#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Dates as RFC 3339 has them, with up to nanoseconds, in UTC. (Foundation's ISO 8601 style writes milliseconds only, and a
/// date that loses its fraction on the way is no longer equal to the one that was written.)
enum RFC3339 {
  /// `2026-03-31T19:34:05.123456789Z`; the fraction has no trailing zeros and is left out when it is zero.
  /// Nil for a date that is no point in time (not a number, or infinite).
  static func string(from date: Date) -> String? {
    // What a date holds; through 1970 it would lose bits.
    let total = date.timeIntervalSinceReferenceDate
    guard total.isFinite else { return nil }
    var seconds = total.rounded(.down)
    var nanoseconds = ((total - seconds) * 1e9).rounded()
    if nanoseconds >= 1e9 {
      nanoseconds = 0
      seconds += 1
    }
    // Year 0 to 9999, as the format has it; beyond that the nearest that it can say.
    let bounded = Int(min(max(seconds + referenceDate, -62_167_219_200), 253_402_300_799))
    let (day, time) = bounded.quotientAndRemainder(floor: 86_400)
    let civil = civilDate(daysSince1970: day)
    var text = "\(pad(civil.year, 4))-\(pad(civil.month, 2))-\(pad(civil.day, 2))T"
    text += "\(pad(time / 3_600, 2)):\(pad(time / 60 % 60, 2)):\(pad(time % 60, 2))"
    if nanoseconds > 0 {
      var fraction = Substring(pad(Int(nanoseconds), 9))
      while fraction.last == "0" { fraction.removeLast() }
      text += ".\(fraction)"
    }
    return text + "Z"
  }

  /// The date, or nil when the text is not RFC 3339. Offsets are understood, lower-case letters too.
  static func date(from text: String) -> Date? {
    var rest = Substring(text).utf8
    guard let year = digits(4, &rest), skip("-", &rest), let month = digits(2, &rest), skip("-", &rest),
      let day = digits(2, &rest), skip("Tt ", &rest), let hour = digits(2, &rest), skip(":", &rest),
      let minute = digits(2, &rest), skip(":", &rest), let second = digits(2, &rest),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var fraction = 0.0
    if skip(".", &rest) {
      let figures = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard !figures.isEmpty, let value = Double("0.\(Substring(figures))") else { return nil }
      fraction = value
      rest = rest[figures.endIndex...]
    }
    var offset = 0
    if !skip("Zz", &rest) {
      let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
      guard skip("+-", &rest), let hours = digits(2, &rest), skip(":", &rest), let minutes = digits(2, &rest),
        hours < 24, minutes < 60
      else { return nil }
      offset = sign * (hours * 3_600 + minutes * 60)
    }
    guard rest.isEmpty else { return nil }
    let days = daysSince1970(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
    // A day that its month does not have comes back as another one.
    let civil = civilDate(daysSince1970: days)
    guard civil.month == month, civil.day == day else { return nil }
    return Date(timeIntervalSinceReferenceDate: Double(seconds - Int(referenceDate)) + fraction)
  }

  /// 1 January 2001, in seconds since 1970.
  private static let referenceDate = 978_307_200.0

  private static func pad(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func digits(_ count: Int, _ rest: inout Substring.UTF8View) -> Int? {
    let part = rest.prefix(count)
    guard part.count == count, part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    rest = rest.dropFirst(count)
    return Int(Substring(part))
  }

  private static func skip(_ any: String, _ rest: inout Substring.UTF8View) -> Bool {
    guard let first = rest.first, any.utf8.contains(first) else { return false }
    rest = rest.dropFirst()
    return true
  }

  // The proleptic Gregorian calendar, in 400-year cycles of 146,097 days that begin on 1 March, so that the leap day is the
  // last of its year.

  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = year.quotientAndRemainder(floor: 400)
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(floor: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}

extension Int {
  /// Division that rounds down, with a remainder that is never negative.
  fileprivate func quotientAndRemainder(floor divisor: Int) -> (Int, Int) {
    let remainder = (self % divisor + divisor) % divisor
    return ((self - remainder) / divisor, remainder)
  }
}
