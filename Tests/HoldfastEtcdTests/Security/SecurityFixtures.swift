import Holdfast
import HoldfastCore
import HoldfastEtcd
import Logging
import Synchronization
import TestSupport
import Testing

/// Collects everything that is logged, metadata included.
final class LogCapture: Sendable {
  fileprivate let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0.joined(separator: "\n") } }

  var logger: Logger {
    var logger = Logger(label: "captured") { _ in Handler(capture: self) }
    logger.logLevel = .trace
    return logger
  }

  private struct Handler: LogHandler {
    let capture: LogCapture
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      capture.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:]) \(metadata)") }
    }
  }
}

/// A client that runs for as long as the body takes.
@discardableResult
func withEtcdBackend<R: Sendable>(
  _ endpoints: [String], _ configure: (inout EtcdConfiguration) -> Void = { _ in },
  _ body: (EtcdBackend) async throws -> R
) async throws -> R {
  var configuration = EtcdConfiguration(endpoints: endpoints)
  configure(&configuration)
  let backend = try EtcdBackend(configuration)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { await backend.run() }
    defer { group.cancelAll() }
    return try await body(backend)
  }
}

/// The users of every test: `root`, and `app` who may do everything below `/t/` by the role `worker`.
enum Users {
  static let rootPassword = "rOOt-pa55word"
  static let appPassword = "app-pa55word"
  static let arguments = ["--bcrypt-cost", "4"]
  static let range = KeyRange.prefix("/t/")

  /// Adds them and switches authentication on, as an administrator would, with our own client.
  static func enable(on etcd: EtcdServer) async throws {
    try await withEtcdBackend([etcd.clientURL]) { backend in
      let auth = backend.auth
      try await auth.addUser("root", password: rootPassword)
      try await auth.grantRole("root", toUser: "root")
      try await auth.addRole("worker")
      try await auth.grant(EtcdPermission(.readWrite, range), toRole: "worker")
      try await auth.addUser("app", password: appPassword)
      try await auth.grantRole("worker", toUser: "app")
      try await auth.enable()
    }
    etcd.administrator = EtcdAdministrator(password: rootPassword)
  }

  static func app(_ configuration: inout EtcdConfiguration) {
    configuration.user = "app"
    configuration.password = appPassword
  }

  static func root(_ configuration: inout EtcdConfiguration) {
    configuration.user = "root"
    configuration.password = rootPassword
  }
}
