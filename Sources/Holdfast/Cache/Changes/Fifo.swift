/// First in, first out. What was taken out is released at once.
struct Fifo<Element> {
  /// Those before `head` are gone.
  private var elements: [Element?] = []
  private var head = 0

  var count: Int { elements.count - head }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    elements[head] = nil
    head += 1
    if head > 64, head > elements.count / 2 {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }

  /// Changes the last element where it lies; does nothing when there is none.
  mutating func changeLast(_ body: (inout Element) -> Void) {
    guard let last = elements.indices.last, last >= head else { return }
    guard var element = elements[last] else { return }
    // Not held twice, so that what it holds is not copied.
    elements[last] = nil
    body(&element)
    elements[last] = element
  }
}

extension Fifo: Sendable where Element: Sendable {}

extension Fifo: RandomAccessCollection {
  var startIndex: Int { head }
  var endIndex: Int { elements.count }

  subscript(position: Int) -> Element {
    // Only those before `head` are nil.
    guard let element = elements[position] else { preconditionFailure("an element that was taken out") }
    return element
  }
}
