import ArgumentParser

/// `holdfast`: the root of the command line.
struct HoldfastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "Reads, writes, watches, locks and looks after an etcd store, by hand and from scripts.",
    discussion: """
      The store is named by --endpoints URL,… or by HOLDFAST_ENDPOINTS. Without either, bench, demo and shell run on an engine \
      of their own, in memory; the other commands need a store.

      Endpoints are https://HOST:PORT with TLS (--cacert, and --cert with --key for servers that want a client \
      certificate) or http://HOST:PORT without. Where etcd has authentication switched on: HOLDFAST_PASSWORD=… holdfast \
      --user NAME …

      Prefixes mean folders: a missing slash at the end is added, so /a/1 means what is below /a/1/ and never /a/10. Values \
      are written as the bytes that are given. HOLDFAST_LOG=info shows what the library logs.

      With --output json there is one object a line, and errors are objects on standard error. Revisions, sizes and other \
      counts are numbers of up to 64 bits; ids of leases, members and clusters are text, in hexadecimal.

      Examples:
        export HOLDFAST_ENDPOINTS=http://127.0.0.1:2379
        holdfast put /acme/config/colour blue
        holdfast watch --prefix /acme/config
        holdfast lock /locks/nightly --try -- ./backup
        holdfast endpoint status --output json

      Completion of bash, zsh and fish: holdfast --generate-completion-script bash > FILE, and FILE where the shell looks \
      for it, such as ~/.local/share/bash-completion/completions/holdfast.

      Exit codes:
      \(ExitStatus.table)
      """,
    version: ToolVersion.text,
    groupedSubcommands: [
      CommandGroup(
        name: "Keys",
        subcommands: [
          GetCommand.self, PutCommand.self, CreateCommand.self, UpdateCommand.self, DeleteCommand.self,
          ListCommand.self, WatchCommand.self, ShellCommand.self,
        ]),
      CommandGroup(name: "Coordination", subcommands: [LeaseCommand.self, LockCommand.self, ElectCommand.self]),
      CommandGroup(
        name: "Cluster",
        subcommands: [StatusCommand.self, EndpointCommand.self, MemberCommand.self, MoveLeaderCommand.self]),
      CommandGroup(
        name: "Maintenance",
        subcommands: [SnapshotCommand.self, CompactCommand.self, DefragmentCommand.self, AlarmCommand.self]),
      CommandGroup(name: "Access", subcommands: [AuthCommand.self, UsersCommand.self, RoleCommand.self]),
      CommandGroup(name: "Trial", subcommands: [BenchCommand.self, DemoCommand.self, SimulateCommand.self]),
    ])
}
