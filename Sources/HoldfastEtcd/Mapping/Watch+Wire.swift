import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Wire.WatchRequest {
  init(_ command: WatchCommand, for request: WatchRequest) {
    self.init()
    switch command {
    case .requestProgress: progressRequest = .init()
    case .create(let id, let start):
      let range = WireRange(request.range)
      createRequest.watchID = id
      createRequest.key = Data(range.key)
      createRequest.rangeEnd = Data(range.end)
      createRequest.startRevision = start?.rawValue ?? 0
      createRequest.progressNotify = request.progress
      createRequest.prevKv = request.previous
      createRequest.fragment = true
      if request.withoutPuts { createRequest.filters.append(.noput) }
      if request.withoutDeletes { createRequest.filters.append(.nodelete) }
    }
  }
}

extension WatchMessage {
  /// - Throws: `MalformedAnswer` when an event has no key.
  init(_ response: Wire.WatchResponse) throws {
    // Nothing else is checked here: a header without a revision means something in a compaction's cancel.
    let header = response.hasHeader ? response.header : nil
    self.init(
      header: header.map {
        ResponseHeader(
          clusterID: $0.clusterID, memberID: $0.memberID, revision: Revision($0.revision), raftTerm: $0.raftTerm)
      },
      watchID: response.watchID)
    created = response.created
    canceled = response.canceled
    compactRevision = Revision(response.compactRevision)
    cancelReason = response.cancelReason
    fragment = response.fragment
    events = try response.events.map(Event.init)
  }
}

extension WatchMessage.Event {
  init(_ event: Wire.Event) throws {
    guard event.hasKv else { throw MalformedAnswer.noKey }
    let kind: Kind =
      switch event.type {
      case .put: .put
      case .delete: .delete
      case .UNRECOGNIZED: .unknown
      }
    self.init(kind, try KeyValue(event.kv), previous: event.hasPrevKv ? try KeyValue(event.prevKv) : nil)
  }
}
