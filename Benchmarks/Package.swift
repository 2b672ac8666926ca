// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "holdfast-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "holdfast", path: ".."),
    // Without traits: its counting of allocations needs packages that replace malloc.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    // The workload and a scripted store, shared by both executables.
    .target(name: "Workload", dependencies: [.product(name: "Holdfast", package: "holdfast")], swiftSettings: settings),
    // Rows that have a reference or need servers, threads or memory of their own: one sample per process, as JSON.
    .executableTarget(
      name: "holdfast-bench",
      dependencies: [
        "Workload",
        .product(name: "Holdfast", package: "holdfast"),
        .product(name: "HoldfastEtcd", package: "holdfast"),
      ],
      path: "Sources/Runner",
      swiftSettings: settings),
    // What one thread does in one process, on the benchmark library.
    .executableTarget(
      name: "CacheReads",
      dependencies: [
        "Workload",
        .product(name: "Holdfast", package: "holdfast"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/CacheReads",
      swiftSettings: settings,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ]
)
