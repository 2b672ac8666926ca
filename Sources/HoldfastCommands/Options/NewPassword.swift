import ArgumentParser
import Holdfast

/// Where the password comes from that a user is to have. Never the command line, which everybody sees who lists processes.
struct NewPasswordOptions: ParsableArguments {
  static let variable = "HOLDFAST_NEW_PASSWORD"
  private static let limit = 1 << 16

  @Flag(
    help: """
      Read the new password from standard input, up to a line's end. Otherwise it is in $HOLDFAST_NEW_PASSWORD, or is asked \
      for twice at the terminal.
      """)
  var newPasswordStdin = false

  func password(of user: String, _ tool: Tool) async throws -> String {
    if newPasswordStdin {
      var bytes = try await tool.input.all(limit: Self.limit)
      while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
      guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty, !text.contains("\n") else {
        throw HoldfastError(.invalidArgument, "standard input holds no password: it must be one line of text")
      }
      return text
    }
    if let password = tool.environment[Self.variable], !password.isEmpty { return password }
    if let ask = tool.askPassword {
      let password = ask("New password of \(user): ")
      guard let password, !password.isEmpty else { throw HoldfastError(.invalidArgument, "the password is empty") }
      guard ask("The same again: ") == password else {
        throw HoldfastError(.invalidArgument, "the two passwords differ; nothing was changed")
      }
      return password
    }
    throw HoldfastError(
      .invalidArgument, "the user \(user) needs a password: set \(Self.variable) or give --new-password-stdin")
  }
}
