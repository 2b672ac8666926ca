// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building it, three times, with and without sanitizers, builds nothing else.
// Its folders are links to the sources of the package around it.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "stress",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "CHoldfastStructures"),
    .target(
      name: "HoldfastStructures", dependencies: ["CHoldfastStructures"], exclude: ["README.md"], swiftSettings: settings
    ),
    .executableTarget(name: "Stress", dependencies: ["HoldfastStructures"], swiftSettings: settings),
  ]
)
