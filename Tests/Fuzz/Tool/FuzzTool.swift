import FuzzDriver
import HoldfastFuzzing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
struct FuzzTool {
  static func main() { exit(FuzzDriver.run(FuzzTarget.core)) }
}
