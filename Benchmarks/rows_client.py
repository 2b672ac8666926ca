"""The etcd client against Go's clientv3: both in turns, on the same server."""
import harness
from harness import GO, of


def at_most(limit):
    return lambda value: value <= limit


def at_least(limit):
    return lambda value: value >= limit


def calls(bench, version):
    """One caller and 64 callers, Put and Get."""
    few, many = (1_000, 5_000) if bench.quick else (5_000, 50_000)
    with bench.etcd(version) as server:
        # Every key is there before the first Get.
        bench.sample(GO, "put-64", server.endpoint, 10_000)
        for call in ("put", "get"):
            for callers, count in ((1, few), (64, many)):
                row = f"{call}-{callers}"
                ours, go = bench.interleaved(
                    lambda: bench.ours(row, endpoint=server.endpoint, count=count),
                    lambda: bench.sample(GO, row, server.endpoint, count))
                name = f"etcd {version}: {call.capitalize()}, {callers} caller{'s' if callers > 1 else ''}"

                def add(figure, label, unit, goal, meets):
                    bench.add("Client", f"{name}, {label}", unit, of(ours, figure), of(go, figure), "clientv3", goal, meets)

                if callers == 1:
                    add("p50_us", "p50", "µs", "≤ 1.1×", at_most(1.1))
                    add("p99_us", "p99", "µs", "≤ 1.1×", at_most(1.1))
                else:
                    add("ops_per_s", "throughput", "calls/s", "≥ 1×", at_least(1))
                add("cpu_us", "CPU per call", "µs", "< 1×", at_most(1))


calls.servers = 2


def watch(bench, version):
    """Live events of a prefix: at full rate, and at a rate at which nobody is busy."""
    full, paced, rate = (10_000, 1_000, 500) if bench.quick else (50_000, 5_000, 1_000)
    with bench.etcd(version) as server:
        bench.sample(GO, "write", server.endpoint, 10_000, 0)

        def delivery(command, count, writes, rate):
            with bench.follower(*command(count)) as process:
                bench.sample(GO, "write", server.endpoint, writes, rate)
                return bench.result(process)

        def ours(count):
            return (harness.OURS, "watch", f"endpoint={server.endpoint}", f"count={count}")

        def go(count):
            return (GO, "watch", server.endpoint, count)

        # At full rate the writer warms up with a tenth more.
        a, b = bench.interleaved(
            lambda: delivery(ours, full, full, 0), lambda: delivery(go, full, full, 0))
        name = f"etcd {version}: watch at full rate"
        bench.add("Client", f"{name}, throughput", "events/s", of(a, "events_per_s"), of(b, "events_per_s"), "clientv3",
                  "≥ 1×", at_least(1), "the writer, of the same machine, sets the pace")
        bench.add("Client", f"{name}, CPU per event", "µs", of(a, "cpu_us"), of(b, "cpu_us"), "clientv3", "< 1×", at_most(1))
        for p in ("p50", "p99"):
            bench.add("Client", f"{name}, lag {p}", "µs", of(a, f"lag_{p}_us"), of(b, f"lag_{p}_us"), "clientv3",
                      "≤ 1.1×", at_most(1.1), "from before the put to the consumer")
        a, b = bench.interleaved(
            lambda: delivery(ours, paced, paced, rate), lambda: delivery(go, paced, paced, rate))
        name = f"etcd {version}: watch of {rate} puts/s"
        bench.add("Client", f"{name}, CPU per event", "µs", of(a, "cpu_us"), of(b, "cpu_us"), "clientv3", "< 1×", at_most(1))
        for p in ("p50", "p99"):
            bench.add("Client", f"{name}, lag {p}", "µs", of(a, f"lag_{p}_us"), of(b, f"lag_{p}_us"), "clientv3",
                      "≤ 1.1×", at_most(1.1), "from before the put to the consumer")


watch.servers = 2


def list_pages(bench, version):
    """100,000 keys in pages of 10,000, all of the first one's revision."""
    keys = 20_000 if bench.quick else 100_000
    with bench.etcd(version) as server:
        bench.ours("fill", endpoint=server.endpoint, count=keys)
        ours, go = bench.interleaved(
            lambda: bench.ours("list", endpoint=server.endpoint), lambda: bench.sample(GO, "list", server.endpoint, 1))
        for sample in ours + go:
            assert sample["keys"] == keys, f"{sample['keys']} keys were listed"
        name = f"etcd {version}: list of {keys:,} keys"
        bench.add("Client", f"{name}, wall", "ms", of(ours, "wall_ms"), of(go, "wall_ms"), "clientv3", "≤ 1.1×", at_most(1.1))
        bench.add("Client", f"{name}, CPU", "ms", of(ours, "cpu_ms"), of(go, "cpu_ms"), "clientv3", "< 1×", at_most(1))


list_pages.servers = 2

GROUPS = [calls, watch, list_pages]
