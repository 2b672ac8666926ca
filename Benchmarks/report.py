"""report.md and its plots, from the rows that were measured."""
import datetime
import platform
import re
import statistics
import subprocess
from pathlib import Path

from plots import ratio_plot


def said(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "not known"


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cpus = Path("/proc/cpuinfo").read_text().count("processor\t")
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / (1 << 20)
    return f"{model[1] if model else platform.machine()}, {cpus} processors, {memory:.0f} GiB, Linux {platform.release()}"


def number(value):
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def spread(values):
    """The median, and the lowest and highest of several."""
    if not values:
        return "–"
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))}–{number(max(values))})"


def row_line(row):
    ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
    reference = f"{spread(row.reference)} {row.reference_name}" if row.reference else "–"
    unit = f" {row.unit}" if row.ours else ""
    return f"| {row.name} | {spread(row.ours)}{unit} | {reference} | {ratio} | {row.goal or '–'} | {row.verdict} | {row.note} |"


def write_report(bench, folder):
    folder.mkdir(parents=True, exist_ok=True)
    groups = list(dict.fromkeys(row.group for row in bench.rows))
    here = Path(__file__).parent
    commit = said("git", "-C", str(here), "rev-parse", "--short", "HEAD")
    load = Path("/proc/loadavg").read_text().split()[0]
    lines = [
        "# Benchmarks", "",
        "**Provisional.** Written by `make bench`"
        + (" `QUICK=1`" if bench.quick else "")
        + "; not edited by hand. Compare the ratios: what is compared ran in turns in this one run, and both sides had the same "
        "disturbances. The absolute figures hold for this machine and hour only.", "",
        f"- {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, commit {commit}, {bench.rounds} rounds of most rows",
        f"- {machine()}; load average {load} at the end (of which a busy machine's other work is a part)",
        f"- {said('swift', '--version')}, release build",
        f"- {said('go', 'version')}, clientv3 3.4.23; {said('g++', '--version')}",
        f"- etcd {' and '.join(bench.servers)}, one process each, data in {'memory' if Path('/dev/shm').is_dir() else 'files'}",
        "", "Figures are medians with the lowest and highest sample; ratios are ours over the reference's.", ""]
    for group in groups:
        rows = [row for row in bench.rows if row.group == group]
        lines += [f"## {group}", ""]
        plotted = [row for row in rows if row.ratio is not None]
        if plotted:
            name = "plots/" + group.lower().replace(" ", "-") + ".svg"
            (folder / "plots").mkdir(exist_ok=True)
            (folder / name).write_text(ratio_plot(group, plotted))
            lines += [f"![{group}: ours over the reference]({name})", ""]
        lines += ["| what | ours | reference | ratio | goal | met | note |", "|---|---|---|---|---|---|---|"]
        lines += [row_line(row) for row in rows] + [""]
    if bench.failures:
        lines += ["## Failed", ""] + [f"- {failure}" for failure in bench.failures] + [""]
    (folder / "report.md").write_text("\n".join(lines))
