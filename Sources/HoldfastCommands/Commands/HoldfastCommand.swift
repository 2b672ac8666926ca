import ArgumentParser

/// `holdfast`: the root of the command line.
struct HoldfastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "Reads, writes and watches an etcd store, by hand and from scripts.",
    discussion: """
      The store is named by --endpoints URL,… or by HOLDFAST_ENDPOINTS. Without either, demo and shell run on an engine of
      their own, in memory; the other commands need a store.

      Endpoints are https://HOST:PORT with TLS (--cacert, and --cert with --key for servers that want a client certificate) or
      http://HOST:PORT without. Where etcd has authentication switched on: HOLDFAST_PASSWORD=… holdfast --user NAME …

      Prefixes mean folders: a missing slash at the end is added, so /a/1 means what is below /a/1/ and never /a/10.
      Values are written as the bytes that are given. HOLDFAST_LOG=info shows what the library logs.

      Exit codes:
      \(ExitStatus.table)
      """,
    subcommands: [
      GetCommand.self, PutCommand.self, CreateCommand.self, UpdateCommand.self, DeleteCommand.self, ListCommand.self,
      WatchCommand.self, StatusCommand.self, ShellCommand.self, DemoCommand.self, SimulateCommand.self,
    ])
}
