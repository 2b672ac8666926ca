/// How long a store tries to find out what became of a write whose outcome is unknown, by reading from the store. It never
/// sends the write again.
public struct ResolutionConfiguration: Sendable {
  /// The most time that it may take, on top of what the write itself took. Zero switches it off: what is unknown is told as
  /// unknown at once.
  public var timeout: Duration = .seconds(2)
  /// The most reads, failed ones included.
  public var attempts = 6
  /// The pause before the second read; it doubles with each one.
  public var pause: Duration = .milliseconds(25)
  package var time = TimeSource.continuous

  public init() {}

  /// Never reads: the outcome of a write whose answer was lost stays unknown.
  public static var off: ResolutionConfiguration {
    var configuration = ResolutionConfiguration()
    configuration.timeout = .zero
    return configuration
  }

  var isOff: Bool { timeout <= .zero || attempts <= 0 }
}
