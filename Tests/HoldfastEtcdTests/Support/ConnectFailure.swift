import HoldfastCore
import TestSupport

/// Why `url` cannot be connected to, as the error of a call says. On a busy machine a call's time may be over before its first
/// connection has failed: such calls count for nothing.
func connectFailure<T>(of url: String, _ call: () async throws -> T) async throws -> HoldfastError? {
  var error: HoldfastError?
  try await eventually(within: .seconds(60), "an attempt fails in time") {
    error = await failure(call)
    return error?.message.contains("no connection to \(url) in time") == false
  }
  return error
}
