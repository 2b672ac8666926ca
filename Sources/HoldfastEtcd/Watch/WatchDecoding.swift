import HoldfastEtcdMachines
import HoldfastEtcdProtos
import SwiftProtobuf

/// Bytes to messages, the large ones off the consumer's actor.
enum WatchDecoding {
  static func message(_ bytes: [UInt8]) async throws -> WatchMessage {
    bytes.count > 65_536 ? try await elsewhere(bytes) : try decode(bytes)
  }

  @concurrent
  private static func elsewhere(_ bytes: [UInt8]) async throws -> WatchMessage { try decode(bytes) }

  static func decode(_ bytes: [UInt8]) throws -> WatchMessage {
    guard let plain = try PlainWire.watch(bytes) else {
      return try WatchMessage(Wire.WatchResponse(serializedBytes: bytes))
    }
    var message = try WatchMessage(Wire.WatchResponse(serializedBytes: plain.rest))
    message.events = plain.events
    return message
  }
}
