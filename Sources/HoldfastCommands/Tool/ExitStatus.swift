import Holdfast

/// What the process says with its exit code. The table is part of the tool's interface: `holdfast --help` prints it.
struct ExitStatus: Hashable, Sendable {
  let code: Int32
  let meaning: String

  private init(_ code: Int32, _ meaning: String) {
    self.code = code
    self.meaning = meaning
  }

  static let success = ExitStatus(0, "done")
  static let failure = ExitStatus(1, "failed for another reason; demo: a job lost or done twice")
  static let refused = ExitStatus(2, "refused by the store's state: exists, changed, compacted, held")
  static let notFound = ExitStatus(3, "no such key, lease or member")
  static let usage = ExitStatus(64, "the command line or an argument makes no sense")
  static let data = ExitStatus(65, "a value could not be encoded or decoded")
  static let unavailable = ExitStatus(69, "the store does not answer, or not in time")
  static let `internal` = ExitStatus(70, "a fault of the server, or of Holdfast")
  static let output = ExitStatus(74, "the input could not be read or the output not be written")
  static let lost = ExitStatus(75, "the lease, lock or leadership was lost while it was held")
  static let noPermission = ExitStatus(77, "wrong credentials or certificates, or no permission")
  static let interrupted = ExitStatus(130, "ended by Ctrl-C (SIGINT)")
  static let terminated = ExitStatus(143, "ended by SIGTERM")

  /// Every exit code that there is, in order.
  static let all = [
    success, failure, refused, notFound, usage, data, unavailable, `internal`, output, lost, noPermission,
    interrupted, terminated,
  ]

  /// The exit code of a command that was run, which is ours.
  init(command code: Int32) { self.init(code, "what the command ended with") }

  /// As shells have it.
  init(signal: Int32) { self.init(128 + signal, "ended by signal \(signal)") }

  /// The exit code of an error.
  init(_ code: HoldfastError.Code) {
    self =
      switch code {
      case .alreadyExists, .revisionMismatch, .constraintViolated, .compacted, .futureRevision, .leaseExists, .lockHeld,
        .memberExists, .learnerNotReady:
        .refused
      case .keyNotFound, .leaseNotFound, .memberNotFound: .notFound
      case .leaseExpired, .lockLost: .lost
      case .invalidArgument, .tooManyOperations, .duplicateKey, .requestTooLarge: .usage
      case .encodingFailed, .decodingFailed, .keyMismatch: .data
      case .unavailable, .timeout, .resourceExhausted: .unavailable
      case .internal, .protocolViolation, .dataLoss, .unimplemented: .internal
      case .unauthenticated, .permissionDenied, .tlsFailed: .noPermission
      default: .failure
      }
  }

  /// The table as `--help` shows it.
  static var table: String {
    all.map { status in
      let code = String(status.code)
      return String(repeating: " ", count: 5 - code.utf8.count) + "\(code)  \(status.meaning)"
    }.joined(separator: "\n")
  }
}
