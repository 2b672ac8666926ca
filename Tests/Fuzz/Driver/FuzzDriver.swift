package import HoldfastFuzzing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#endif

/// libFuzzer, which its run-time library defines.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What libFuzzer calls. Set before it starts, and then only read.
nonisolated(unsafe) private var chosen: FuzzTarget?

/// The function that libFuzzer's own `main` would call. It has to be there, though our `main` hands it over itself.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try chosen?.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
  } catch {
    // A crash is how libFuzzer learns of a finding; it keeps the input then.
    fatalError("\(error)")
  }
}

package enum FuzzDriver {
  /// `TOOL TARGET FOLDER… [-option=value…]` fuzzes the target from what is in the folders, after its valid inputs were put into
  /// the first; `TOOL TARGET FILE…` runs those inputs alone. Without a target it names them all.
  package static func run(_ targets: [FuzzTarget]) -> Int32 {
    let arguments = CommandLine.arguments
    guard arguments.count > 1, let target = targets.first(where: { $0.name == arguments[1] }) else {
      for target in targets { print(target.name) }
      return arguments.count > 1 ? 2 : 0
    }
    chosen = target
    if let folder = arguments.dropFirst(2).first { writeSeeds(of: target, to: folder) }
    var own = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) } + [nil]
    var count = CInt(own.count - 1)
    return own.withUnsafeMutableBufferPointer { buffer in
      guard var start = buffer.baseAddress else { return 1 }
      return runDriver(&count, &start, testOneInput)
    }
  }

  private static func writeSeeds(of target: FuzzTarget, to folder: String) {
    guard (try? FileManager.default.contentsOfDirectory(atPath: folder)) != nil else { return }
    for (index, seed) in target.seeds.enumerated() {
      try? Data(seed).write(to: URL(filePath: folder).appending(path: "valid-\(index)"))
    }
  }
}
