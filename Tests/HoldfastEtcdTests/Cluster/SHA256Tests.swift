import Testing

@testable import HoldfastEtcd

/// Digests by sha256sum, of messages whose ends fall on every side of a block's.
@Suite struct SHA256Tests {
  private static let vectors = [
    // Of i * 31 + n for i below n.
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (1, "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"),
    (3, "d71caa65d53e400d34d3c867092f40b207b05bea2e06068409ff8fa5c5d3757f"),
    (55, "0c74b286e2c8b409ed0fd89f5a8344aeb274bda5d9bfbe7b8e537cfc6142736d"),
    (56, "8136496fb4867a08f8c0f1afaf000ef4093ecc2d544f4f808ef9d5945ca4c2fa"),
    (63, "a7c6fa71b10f6f7bd8ce26f79db5693d265b2cde42e61955077e77c8764bc26f"),
    (64, "3ea97ec766b8247739939247b4d4cb362cf13c100deb0cc2ba5391f762023852"),
    (65, "7fc8e770811fb1035a2279b782a7b04024fe6a2229e9bb11a99686d3ca65f4a7"),
    (119, "6cf3e40eee6bd154b923dbbe0b421de7934af82282113dd285bb895e4bb3f8f7"),
    (120, "696e486e83239a511feef5f0b438da322fa51490489668162c6ed9a9c6ad8055"),
    (128, "3b35116c160c0ffdaf1287960af39caf2760811b02a36e3bd5294bdd61eea9a9"),
    (1_000, "44a1b8c5e1f8849fc62fcbfadd4f4ab312021e40f8e16b2a4f9307493ca45102"),
    (100_000, "1c63a81ed4fd6c317761ca6178cc50dbb99f41ce4f230141145b6c4cd11c4bbd"),
  ]

  @Test(arguments: vectors) func digests(length: Int, digest: String) {
    let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 31 + length) }
    for piece in [1, 63, 64, 100, max(1, length)] where length < 2_000 || piece > 60 {
      var hash = SHA256()
      for start in stride(from: 0, to: length, by: piece) { hash.update(message[start..<min(length, start + piece)]) }
      let hex = hash.digest().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      #expect(hex == digest, "in pieces of \(piece)")
    }
  }
}
