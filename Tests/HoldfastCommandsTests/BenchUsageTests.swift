import Foundation
import Holdfast
import HoldfastEmbedded
import Testing

/// What bench says to numbers that make no sense. One after the other, as `UsageTests`.
@Suite(.serialized) struct BenchUsageTests {
  @Test(arguments: [
    (["--keys", "0"], "--keys is 0; it must be at least 1 and at most 100000"),
    (["--keys", "-1"], "--keys is -1; it must be"), (["--keys", "100001"], "--keys is 100001; it must be"),
    (["--keys", "99999999999999999999"], "--keys"), (["--keys", "1.5"], "--keys"),
    (["--value-size", "0"], "--value-size is 0; it must be"),
    (["--value-size", "1000001"], "--value-size is 1000001; it must be"),
    (["--clients", "0"], "--clients is 0; it must be"), (["--clients", "1001"], "--clients is 1001; it must be"),
    (["--operations", "0"], "--operations is 0; it must be"),
    (["--operations", "-9"], "--operations is -9; it must be"),
    (["--operations", "9223372036854775807"], "--operations is 9223372036854775807; it must be"),
    (["--operations", "1000000"], "--operations 1000000 would write about"),
    (["--operations", "300", "--value-size", "1000000", "--keys", "9"], "--operations 300 would write about"),
    (["--keys", "100000", "--value-size", "1000"], "are 100000000 bytes"),
    (["--duration", "0"], "--duration is 0.0; it must be"), (["--duration", "-1"], "--duration is -1.0; it must be"),
    (["--duration", "nan"], "--duration is nan; it must be"), (["--duration", "inf"], "--duration is inf; it must be"),
    (["--duration", "1e300"], "--duration is 1e+300; it must be"), (["--duration", "soon"], "--duration"),
    (["--duration", "1", "--operations", "1"], "exclude each other"), (["--prefix", ""], "--prefix is empty"),
    (["--timeout", "0"], "--timeout is 0.0; it must be a positive number"),
    (["--timeout", "nan"], "--timeout is nan; it must be a positive number"), (["/q"], "/q"),
  ]) func numbersThatMakeNoSense(_ arguments: [String], says: String) async throws {
    let engine = EmbeddedEngine()
    let text = await holdfast(["bench"] + arguments, input: [], on: engine)
    #expect(text.code == 64 && text.output.isEmpty && text.errors.contains(says), "\(text.errors)")
    let json = await holdfast(["bench", "--output", "json"] + arguments, input: [], on: engine)
    #expect(json.code == 64 && json.output.isEmpty)
    #expect(try json.errorObject["error"] as? String == "invalidArgument")
    #expect(try await engine.status().header.revision == 1, "nothing was written")
  }

  @Test func aStoreThatDoesNotAnswer() async {
    let result = await holdfast("bench", "--endpoints", "http://127.0.0.1:1", "--timeout", "0.2")
    #expect(result.code == 69 && result.output.isEmpty)
    #expect(!result.errors.contains("may be left"), "nothing was written")
  }
}
