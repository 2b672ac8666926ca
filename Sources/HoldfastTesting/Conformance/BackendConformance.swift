/// The rules of etcd that a backend has to keep, as far as ``Backend`` can show them.
///
/// It needs no test framework. With Swift Testing:
///
/// ```swift
/// @Suite(.serialized) struct MyBackendTests {
///   @Test(arguments: BackendConformance.cases)
///   func conforms(_ rule: ConformanceCase) async throws { try await rule.run(on: backend) }
/// }
/// ```
///
/// Every expectation holds for etcd 3.4.23 and 3.5.1 as well.
public enum BackendConformance {
  /// All cases. The backend must be running (``Backend/run()``).
  public static let cases: [ConformanceCase] =
    KeyValueCases.all + RangeCases.all + SortCases.all + RevisionCases.all + CompactionCases.all + TransactionCases.all
    + DuplicateCases.all + CompareCases.all + PutOptionCases.all + LeaseCases.all + LimitCases.all + WatchCases.all
    + WatchHistoryCases.all + CombinationCases.all
}
