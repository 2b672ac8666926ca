/// What `holdfast --version` prints; no release has been made yet.
enum ToolVersion {
  static let text = "holdfast 0.1.0-dev"
}
