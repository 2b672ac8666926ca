/// What ``/Holdfast`` promises of typed storage, as checks that run on any backend: every operation alone, in a transaction and
/// in one that is built at run time.
///
/// It needs no test framework; see ``BackendConformance``. Some cases compact the store: run them one after another.
public enum StoreConformance {
  /// All cases. The backend must be running.
  public static let cases: [ConformanceCase] =
    GetCases.all + GetManyCases.all + ListCases.all + CountCases.all + PutCases.all + CreateCases.all + UpdateCases.all
    + DeleteCases.all + PreviousCases.all + TimeToLiveCases.all + LeaseOptionCases.all + ConditionCases.all
    + OptionCases.all + MisplacedCases.all + StoreTransactionCases.all + StoreLimitCases.all + OutcomeCases.all
    + StoreWatchCases.all + StoreResyncCases.all
}
