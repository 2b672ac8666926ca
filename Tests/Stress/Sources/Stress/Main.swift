import Foundation
import HoldfastStructures
import Synchronization

/// `Stress [SECONDS]`: tries the concurrent index with both barriers, `SECONDS` in all.
@main enum Main {
  static func main() {
    let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 10
    for barrier in [Epochs.Barrier.best, .fences] {
      for (keys, readers) in [(300, 4), (20_000, 16)] {
        var stress: Stress? = Stress(keys: keys, barrier: barrier)
        stress?.run(readers: readers, seconds: seconds / 4)
        stress = nil
        // Threads let go of it a little after they have said that they are done.
        let deadline = Date().addingTimeInterval(10)
        while Item.living.load(ordering: .acquiring) > 0, Date() < deadline { sched_yield() }
        let living = Item.living.load(ordering: .relaxed) + Decoded.living.load(ordering: .relaxed)
        check(living == 0, "\(living) entries outlived their index")
      }
    }
  }
}
