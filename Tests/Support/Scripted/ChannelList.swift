internal import NIOCore
internal import Synchronization

/// The sockets of a server's clients.
final class ChannelList: Sendable {
  private let channels = Mutex<[any Channel]>([])

  func append(_ channel: any Channel) {
    channels.withLock { $0.append(channel) }
  }

  func takeAll() -> [any Channel] {
    channels.withLock { channels in
      defer { channels = [] }
      return channels
    }
  }
}
