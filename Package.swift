// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 mode, the upcoming features we rely on, and no warnings.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

/// What the fuzz targets of the etcd client and of the tool need.
let wireFuzzing: [Target.Dependency] = [
  "HoldfastFuzzing", "Holdfast", "HoldfastCommands", "HoldfastEtcd", "HoldfastEtcdMachines", "HoldfastEtcdProtos",
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOEmbedded", package: "swift-nio"),
  .product(name: "NIOHPACK", package: "swift-nio-http2"),
  .product(name: "SwiftProtobuf", package: "swift-protobuf"),
]

let package = Package(
  name: "holdfast",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Holdfast", targets: ["Holdfast"]),
    .library(name: "HoldfastEtcd", targets: ["HoldfastEtcd"]),
    .library(name: "HoldfastEmbedded", targets: ["HoldfastEmbedded"]),
    .library(name: "HoldfastTesting", targets: ["HoldfastTesting"]),
    .executable(name: "holdfast", targets: ["HoldfastCLI"]),
    .executable(name: "holdfast-simulate", targets: ["HoldfastSimulateCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // The one place with unsafe code: what many threads read while one writes. See its README.
    .target(name: "CHoldfastStructures"),
    .target(
      name: "HoldfastStructures", dependencies: ["CHoldfastStructures"], exclude: ["README.md"], swiftSettings: settings
    ),

    // The field's values and the one protocol that every store speaks.
    .target(name: "HoldfastCore", dependencies: ["HoldfastStructures"], swiftSettings: settings),

    // The product: typed storage and the write-through cache.
    .target(
      name: "Holdfast",
      dependencies: [
        "HoldfastCore",
        "HoldfastStructures",
        "CHoldfastZlib",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .systemLibrary(name: "CHoldfastZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

    // The etcd client: pure decisions, generated messages, and the transport that acts on both.
    .target(name: "HoldfastEtcdMachines", dependencies: ["HoldfastCore"], swiftSettings: settings),
    .target(
      name: "HoldfastEtcdProtos",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      swiftSettings: settings),
    .target(
      name: "HoldfastEtcd",
      dependencies: [
        "HoldfastCore",
        "HoldfastEtcdMachines",
        "HoldfastEtcdProtos",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ],
      swiftSettings: settings),

    // The engine that needs no server.
    .target(name: "HoldfastEmbedded", dependencies: ["HoldfastCore"], swiftSettings: settings),

    // A whole cluster with its clients in one deterministic process, and the judges of what it does.
    .target(
      name: "HoldfastSimulation",
      dependencies: ["HoldfastCore", "Holdfast", "HoldfastEtcdMachines", "HoldfastEmbedded"],
      swiftSettings: settings),
    .target(
      name: "HoldfastSimulateCommand",
      dependencies: ["HoldfastSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),
    .executableTarget(
      name: "HoldfastSimulateCLI",
      dependencies: [
        "HoldfastSimulateCommand", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // What users' tests (and ours) run against any backend.
    .target(name: "HoldfastTesting", dependencies: ["HoldfastCore", "Holdfast"], swiftSettings: settings),

    // The case the cache was invented for, and the command-line tool.
    .target(name: "WorkQueue", dependencies: ["Holdfast"], path: "Examples/WorkQueue", swiftSettings: settings),
    .target(
      name: "HoldfastCommands",
      dependencies: [
        "Holdfast",
        "HoldfastEtcd",
        "HoldfastEmbedded",
        "HoldfastSimulateCommand",
        "WorkQueue",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: settings),
    .executableTarget(name: "HoldfastCLI", dependencies: ["HoldfastCommands"], swiftSettings: settings),

    // Tests, one folder per room.
    .target(
      name: "TestSupport",
      dependencies: [
        "HoldfastCore",
        "HoldfastEtcd",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      path: "Tests/Support",
      swiftSettings: settings),
    // What reads foreign bytes, for the fuzzer in the tests and for libFuzzer.
    .target(
      name: "HoldfastFuzzing",
      dependencies: ["HoldfastCore", "Holdfast", "HoldfastEtcdMachines"],
      path: "Tests/Fuzz/Library",
      swiftSettings: settings),
    .testTarget(
      name: "HoldfastFuzzTests", dependencies: ["HoldfastFuzzing"], path: "Tests/Fuzz/Tests", swiftSettings: settings),
    .testTarget(
      name: "HoldfastWireFuzzTests", dependencies: wireFuzzing, path: "Tests/Fuzz/Wire", swiftSettings: settings),
    .testTarget(
      name: "HoldfastStructuresTests", dependencies: ["HoldfastStructures", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "HoldfastCoreTests", dependencies: ["HoldfastCore"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastTests",
      dependencies: [
        "Holdfast", "HoldfastEmbedded", "HoldfastTesting", .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      exclude: ["Resources"],
      swiftSettings: settings),
    .testTarget(name: "HoldfastSimulationTests", dependencies: ["HoldfastSimulation"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastEmbeddedTests",
      dependencies: ["HoldfastCore", "HoldfastEmbedded", "HoldfastTesting"],
      swiftSettings: settings),
    .testTarget(
      name: "HoldfastEtcdMachinesTests",
      dependencies: ["HoldfastCore", "HoldfastEtcdMachines"],
      swiftSettings: settings),
    .testTarget(
      name: "HoldfastEtcdTests",
      dependencies: [
        "Holdfast", "HoldfastCore", "HoldfastEtcd", "HoldfastEtcdMachines", "HoldfastEtcdProtos", "HoldfastTesting",
        "TestSupport", .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "FaultTests",
      dependencies: [
        "Holdfast", "HoldfastCore", "HoldfastEtcd", "HoldfastEtcdProtos", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "HoldfastCommandsTests",
      dependencies: [
        "Holdfast", "HoldfastCLI", "HoldfastCommands", "HoldfastEmbedded", "HoldfastEtcd", "TestSupport", "WorkQueue",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: settings),
  ]
)

// `make fuzz`: libFuzzer around the same targets. Only on request: nobody else's package has them.
if Context.environment["HOLDFAST_FUZZ"] != nil {
  // What needs the insides of products is a test otherwise, since only tests are never built for release.
  package.targets.removeAll { $0.name == "HoldfastWireFuzzTests" }
  package.targets += [
    .target(
      name: "HoldfastWireFuzzing", dependencies: wireFuzzing, path: "Tests/Fuzz/Wire/Cases", swiftSettings: settings),
    .target(
      name: "FuzzDriver", dependencies: ["HoldfastFuzzing"], path: "Tests/Fuzz/Driver", swiftSettings: settings),
    .executableTarget(
      name: "holdfast-fuzz", dependencies: ["FuzzDriver", "HoldfastFuzzing"], path: "Tests/Fuzz/Tool",
      swiftSettings: settings),
    .executableTarget(
      name: "holdfast-fuzz-wire", dependencies: ["FuzzDriver", "HoldfastFuzzing", "HoldfastWireFuzzing"],
      path: "Tests/Fuzz/WireTool", swiftSettings: settings),
  ]
}
