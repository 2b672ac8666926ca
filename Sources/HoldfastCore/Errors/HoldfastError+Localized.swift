#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Foundation's `localizedDescription` says what the error's own description does.
extension HoldfastError: LocalizedError {
  public var errorDescription: String? { description }
}
