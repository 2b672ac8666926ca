"""Processes, servers, samples and rows: what the rows of the table are made of."""
import contextlib
import json
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / ".build"
OURS = str(BUILD / "release" / "holdfast-bench")
GO = str(BUILD / "references" / "clientv3")
TABLE = str(BUILD / "references" / "table")
SERVERS = ["3.5.1", "3.4.23"]


@dataclass
class Row:
    """One line of the table: ours beside a reference."""
    group: str
    name: str
    unit: str
    ours: list = field(default_factory=list)
    reference: list = field(default_factory=list)
    reference_name: str = ""
    goal: str = ""
    # Of ours over the reference (or of ours alone without one): whether the goal is met.
    meets: object = None
    note: str = ""

    @property
    def ratio(self):
        if not self.ours or not self.reference:
            return None
        below = statistics.median(self.reference)
        return statistics.median(self.ours) / below if below else None

    @property
    def verdict(self):
        if self.meets is None or not self.ours:
            return "–"
        value = self.ratio if self.reference else statistics.median(self.ours)
        return "–" if value is None else "yes" if self.meets(value) else "no"


class Etcd:
    """A real server of one member, its data in memory where the machine has a place for that."""

    def __init__(self, version):
        program = HERE.parent / ".tools" / f"etcd-{version}" / "bin" / "etcd"
        shared = Path("/dev/shm")
        self.data = tempfile.mkdtemp(prefix="holdfast-bench-", dir=shared if shared.is_dir() else None)
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.endpoint = client
        self.process = subprocess.Popen(
            [program, "--name", "bench", "--data-dir", self.data, "--listen-client-urls", client,
             "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
             "--initial-cluster", f"bench={peer}", "--quota-backend-bytes", str(8 << 30), "--log-level", "error",
             "--snapshot-count", "100000"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self.is_healthy():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.end()
                raise RuntimeError(f"etcd {version} did not start")
            time.sleep(0.1)

    def is_healthy(self):
        try:
            with urllib.request.urlopen(self.endpoint + "/health", timeout=2) as answer:
                return json.load(answer).get("health") in ("true", True)
        except OSError:
            return False

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.data, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    def __init__(self, quick, rounds):
        self.quick, self.rounds = quick, rounds
        self.servers = SERVERS
        self.rows, self.failures = [], []

    # Servers

    @contextlib.contextmanager
    def etcd(self, version):
        """A fresh server for one group."""
        server = Etcd(version)
        try:
            yield server
        finally:
            server.end()

    def servers_for(self, group):
        wanted = getattr(group, "servers", 0)
        return [None] if wanted == 0 else SERVERS[:wanted]

    # Samples

    def sample(self, *command, timeout=900):
        """The figures that one process prints on its last line."""
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def ours(self, row, **options):
        return self.sample(OURS, row, *(f"{name}={value}" for name, value in options.items()))

    def interleaved(self, *makers, rounds=None):
        """Samples of each maker in turns; the first of a round changes, so that nobody always comes first."""
        samples = [[] for _ in makers]
        for number in range(rounds or self.rounds):
            order = list(range(len(makers)))
            for index in order[number % len(order):] + order[:number % len(order)]:
                samples[index].append(makers[index]())
        return samples

    @contextlib.contextmanager
    def follower(self, *command):
        """A process that follows a writer: waits for its `ready`, and kills it should it still run in the end."""
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        try:
            self.expect(process, "ready")
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()

    @staticmethod
    def expect(process, line):
        while True:
            text = process.stdout.readline()
            if not text:
                raise RuntimeError(f"{process.args} ended without saying {line}")
            if text.strip() == line:
                return

    @staticmethod
    def result(process):
        text = process.stdout.read().strip().splitlines()
        if process.wait(timeout=60) != 0 or not text:
            raise RuntimeError(f"{process.args} failed")
        return json.loads(text[-1])

    # Rows

    def add(self, group, name, unit, ours, reference=(), reference_name="", goal="", meets=None, note=""):
        row = Row(group, name, unit, list(ours), list(reference), reference_name, goal, meets, note)
        self.rows.append(row)
        shown = f"{statistics.median(row.ours):.4g}" if row.ours else "not measured"
        if row.reference:
            shown += f" : {statistics.median(row.reference):.4g}"
        if row.ratio is not None:
            shown += f" = {row.ratio:.2f}"
        print(f"{name:58} {shown} {unit}  goal {goal}: {row.verdict}", flush=True)

    def failed(self, group, server, error):
        self.failures.append(f"{group.__name__}{' on ' + server if server else ''}: {error}")
        print("FAILED", self.failures[-1], flush=True)


def of(samples, name):
    return [sample[name] for sample in samples]
