/// How much of a list has arrived.
public struct ListProgress: Hashable, Sendable, CustomStringConvertible {
  /// Keys that are here.
  public let keys: Int
  /// Keys that there are, as the store said with the first page.
  public let total: Int

  init(keys: Int, total: Int) { (self.keys, self.total) = (keys, max(keys, total)) }

  public var description: String { "\(keys) of \(total) keys" }
}
