import FuzzDriver
import HoldfastFuzzing
import HoldfastWireFuzzing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
struct WireFuzzTool {
  static func main() { exit(FuzzDriver.run(FuzzTarget.wire)) }
}
