/// All checks of a recorded history.
struct Checker {
  var oracles: [Oracle]
  var history: History
  /// How long a cache may take to notice that it does not follow; nil where the revisions of several epochs would have to
  /// be compared.
  var noticesWithin: Duration? = .seconds(5)

  func run() -> CheckReport {
    var report = ReadChecker(oracles: oracles, history: history).run()
    report.add(WriteChecker(oracles: oracles, history: history).run())
    report.add(FreshnessChecker(oracles: oracles, history: history).run())
    report.add(ChangeChecker(oracles: oracles, history: history).run())
    if let noticesWithin { report.add(HealthChecker(history: history, limit: noticesWithin).run()) }
    return report
  }
}
