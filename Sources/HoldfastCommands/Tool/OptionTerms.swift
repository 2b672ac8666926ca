import Holdfast

extension HoldfastError {
  /// The same, where the library names what its users set in Swift, in terms of the tool's options.
  var inTermsOfOptions: HoldfastError {
    var error = self
    error.message = OptionTerms.translate(message)
    return error
  }
}

/// What of the library's API is which option of the tool. Messages have names of the API between backticks.
enum OptionTerms {
  private static let terms = [
    ("set `user` and `password`", "give --user, with the password in HOLDFAST_PASSWORD or --password-file"),
    ("set `allowsPlaintextCredentials`", "give --allow-plaintext-password"),
    ("(`startTimeout`)", "(--timeout)"),
    ("`tls.trustRoots`", "--cacert"),
    ("`tls.identity`", "--cert and --key"),
    ("`tls.serverName`", "--tls-server-name"),
    ("`tls` is set", "--cacert, --cert or --tls-server-name is given"),
  ]

  static func translate(_ message: String) -> String {
    guard message.contains("`") else { return message }
    return terms.reduce(message) { $0.replacing($1.0, with: $1.1) }
  }
}
