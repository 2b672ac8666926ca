import ArgumentParser
import Holdfast
import HoldfastEmbedded

struct ShellCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "shell",
    abstract: "Talk to a live cache and its store: a command a line in, a JSON object a line out.",
    usage: "holdfast shell [<options>] --prefix <prefix>",
    discussion: """
      Keys (K) and prefixes (P) are relative to --prefix. A value (V) is the rest of the line, as it is, after one blank. \
      Keys with blanks are quoted: "a b", with \\" \\\\ \\n \\r \\t and \\xNN for any byte. Empty lines and lines that \
      begin with # are ignored. The shell ends at the end of its input, with exit code 0; no line ends it, and no line \
      is answered by more than one object.

        get K            from the cache: {"ok":true,"found":true,"key","value",
                         "version","createRevision","modRevision","lease"},
                         or {"ok":true,"found":false,"key","value":null}
        list [P]         from the cache: {"ok":true,"prefix","count",
                         "items":[…],"revision"}
        put K V          {"ok":true,"key","version","createRevision",
                         "modRevision","revision"}
        create K V       the same; error alreadyExists
        update K REV V   the same; error revisionMismatch unless REV is the
                         key's modRevision
        delete K [REV]   {"ok":true,"key","deleted":0 or 1,"revision"}
        delete-prefix P  {"ok":true,"prefix","deleted":N,"revision"};
                         "" is everything
        txn … commit     the lines between are collected (get, list, put,
                         create, update, delete, delete-prefix; reads are
                         done by the store) and not answered, unless they
                         are wrong: then nothing of the transaction is
                         executed. commit answers
                         {"ok":true,"revision","results":[…]} or an error,
                         abort {"ok":true,"aborted":true}
        store-get K      as get, but from the store
        wait REV [SEC]   until the cache has followed the store to REV
                         (10 seconds): {"ok":true,"revision","state"};
                         error timeout
        health           {"ok":true,"state","revision","quarantined",
                         "cause":null or an error, "progress":null or
                         {"keys","total"} while a list arrives}
        size             {"ok":true,"entries","bytes"}
        stop, start      the cache, not the shell: {"ok":true,"state",
                         "revision"}. Reads of a stopped cache are the
                         error stopped; writes and store-get work
        help             {"ok":true,"commands":[…]}

      Errors: {"error":code,"message"} and, where known, "key", "outcome" (refused, applied or unknown), "revision" and \
      "current", which is what a refused write found. What is no text comes as "valueBase64" or "keyBase64".

      At the beginning the cache loads, for 15 seconds at most or for --timeout; a store that refuses to let it read ends the \
      shell at once.

      Example: echo 'get colour' | holdfast shell --prefix /acme/config
      """)

  @OptionGroup var endpoints: EndpointOptions
  @Option(help: "Where the keys are; a missing slash at the end is added.") var prefix: String

  /// What the shell says on standard error, before or after the conversation.
  var format: OutputFormat { .json }

  func run(in tool: Tool) async throws -> ExitStatus {
    let store = try endpoints.store(for: tool)
    let timeout = try endpoints.timeout.map { try Duration(positiveSeconds: $0, option: "--timeout") }
    let limit = timeout ?? CacheConfiguration().startTimeout
    try await withStore(store ?? .embedded) { store in
      try await ShellSession(store, prefix: Key(prefix), tool: tool, loading: limit).run()
    }
    return .success
  }
}
