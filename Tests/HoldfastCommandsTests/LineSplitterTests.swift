import Testing

@testable import HoldfastCommands

@Suite struct LineSplitterTests {
  @Test(arguments: 1...8) func linesDoNotDependOnHowTheyArrive(_ size: Int) {
    var splitter = LineSplitter(limit: 5)
    var lines: [LineSplitter.Line] = []
    let input = Array("a\n\n12345\n123456\nb\r\n\u{0}\nend".utf8)
    for start in stride(from: 0, to: input.count, by: size) {
      lines += splitter.split(Array(input[start..<min(start + size, input.count)]))
    }
    if let last = splitter.finish() { lines.append(last) }
    #expect(
      lines == [
        .line([0x61]), .line([]), .line(Array("12345".utf8)), .tooLong, .line(Array("b\r".utf8)), .line([0]),
        .line(Array("end".utf8)),
      ])
    #expect(splitter.finish() == nil)
  }
}
