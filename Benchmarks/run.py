#!/usr/bin/env python3
"""Runs every row of the speed table, in turns with its reference, and writes report.md with its plots.

    run.py [--quick] [--only NAME[,NAME…]] [--rounds N] [--out FOLDER]

Each sample is a process of its own that prints one JSON object. The samples of a row and of its reference alternate
(A B A B ...), so that what else the machine does meets both; compared are medians. Goals are reported, never enforced.
"""
import argparse
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from harness import Bench  # noqa: E402
from report import write_report  # noqa: E402
import rows_cache  # noqa: E402
import rows_client  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller counts, no million keys")
    parser.add_argument("--only", default="", help="only these groups, by parts of their names")
    parser.add_argument("--rounds", type=int, help="samples of each row")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where report.md goes")
    options = parser.parse_args()
    bench = Bench(quick=options.quick, rounds=options.rounds or (3 if options.quick else 5))
    groups = rows_client.GROUPS + rows_cache.GROUPS
    chosen = [group for group in groups if any(name in group.__name__ for name in options.only.split(","))]
    if not chosen:
        parser.error("no such group; there are: " + ", ".join(group.__name__ for group in groups))
    # Ends servers and followers on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    for group in chosen:
        for server in bench.servers_for(group):
            print(f"\n== {group.__name__}{' on etcd ' + server if server else ''}", flush=True)
            try:
                group(bench, server)
            except Exception as error:  # one broken row must not cost the others
                bench.failed(group, server, error)
        # After each, so that a run that is stopped leaves what it has.
        write_report(bench, options.out)
    print(f"\nwritten: {options.out / 'report.md'}")


if __name__ == "__main__":
    main()
