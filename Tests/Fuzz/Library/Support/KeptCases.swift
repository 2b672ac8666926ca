#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The inputs in `Tests/Fuzz/Corpus/<target>`: raw bytes, one file each, which libFuzzer begins from as well.
package enum KeptCases {
  /// Runs all of a target's.
  package static func run(_ target: FuzzTarget) throws {
    let corpus = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Corpus"
    try promise(FileManager.default.fileExists(atPath: corpus), "there is no folder \(corpus)")
    let cases = "\(corpus)/\(target.name)"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: cases))?.sorted() ?? [] {
      guard let data = FileManager.default.contents(atPath: "\(cases)/\(name)") else { continue }
      try FuzzRunner(iterations: 0).check(target, Array(data), origin: "kept case \(name)")
    }
  }
}
