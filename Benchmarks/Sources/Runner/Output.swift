import Glibc

/// What a sample measured, by name.
typealias Figures = [String: Double]

/// A line for the process that waits for it.
func announce(_ line: String) {
  print(line)
  fflush(nil)
}

func show(_ figures: Figures) {
  announce("{" + figures.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}")
}
