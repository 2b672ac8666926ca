/// What the scheduler can let happen next.
enum StepKind: Int, CaseIterable {
  case operate, writeElsewhere, read
  case deliverRequest, deliverAnswer, replicate, serveStream, receiveMessage, tick
  case loseRequest, loseAnswer, refuseRequest, resetCall
  case breakStream, silenceStream, cancelWatch, refuseWatch, reportProgress, desyncWatch
  case compact, partition, heal, stopMember, startMember, restore, expireLease, restartCache
  case followChanges, hearNothing
  case verify, skipEvent, stallWatch, changePermission

  /// How often it happens where no seed says otherwise.
  var weight: Int {
    switch self {
    case .operate: 14
    case .writeElsewhere: 7
    case .read: 6
    case .deliverRequest: 22
    case .deliverAnswer: 20
    case .replicate: 12
    case .serveStream: 14
    case .receiveMessage: 22
    case .tick: 8
    case .followChanges: 12
    case .heal, .startMember: 3
    case .reportProgress: 3
    case .hearNothing: 10
    case .verify: 3
    default: 0
    }
  }

  /// For what only goes wrong in some seeds: how often then.
  var faultWeight: Int {
    switch self {
    case .loseRequest, .loseAnswer, .refuseRequest, .resetCall: 2
    case .breakStream, .desyncWatch: 2
    case .silenceStream, .cancelWatch, .refuseWatch, .partition, .stopMember, .compact, .expireLease, .restartCache: 1
    case .restore: 1
    case .skipEvent, .stallWatch, .changePermission: 1
    default: 0
    }
  }

  /// What no connection and no call tells of.
  static let quietFaults: [StepKind] = [.skipEvent, .stallWatch, .changePermission]

  static let faults = allCases.filter { $0.faultWeight > 0 }
}
