"""libfilestore's S3 client beside its peers, in one run on one machine: what `./dev bench` runs.

    tests/servers/python bench/peers.py [--quick] [--part NAME,...] [--peer NAME,...] [--runs N] [--record]

Each peer is a program of its own with one command line, OPERATION ENDPOINT BUCKET SIZE COUNT CONCURRENCY [NAME=VALUE...], that prints its figures as a line of JSON: processor
time of the calls alone, how long they took, peak memory. For each cell of the matrix all peers take turns, round by round, so that what else the machine does meets all
of them. The figures, a table and plots are written to build/bench/results; --record writes them to bench/RESULTS.md and beside it, too.

Servers: a sink of ours (bench/sink), which is light, so that the client is what is measured, and versitygw with its data in memory. Both, and the
peers, are ended when this ends. Credentials are made up.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

from peer_builds import OURS, PEERS, PLACE, ROOT, build_for
from peer_cells import GIB, MIB, PARTS, Cell, cells_of
from peer_report import write_report

SERVERS = ROOT / "tests" / "servers"
sys.path.insert(0, str(SERVERS))
import certificates  # noqa: E402

SECONDS_OF_A_RUN = 300
STARTS = 4
KEYS = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}


class Sink:
    """A running filestore_bench_sink."""

    def __init__(self, scratch, tls):
        words = [OURS / "filestore_bench_sink"]
        self.environment = dict(KEYS)
        self.bucket = "bench"
        context = None
        if tls:
            authority, keys = scratch / "authority.pem", scratch / "keys"
            certificates.make(authority, keys, ["localhost"])
            words += [keys / "public.crt", keys / "private.key"]
            self.environment["SSL_CERT_FILE"] = str(authority)
            context = ssl.create_default_context(cafile=authority)
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.process.stdout.readline().strip()}"
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))

    def counts(self):
        """What was asked since the last time, without this question."""
        with self.opener.open(self.endpoint + "/-/counts", timeout=10) as answer:
            counts = json.load(answer)
        counts["connections"] -= 1
        return counts

    def end(self):
        self.process.terminate()
        self.process.wait()


class Versitygw:
    """A real server, started by what starts those of the tests."""

    def __init__(self, scratch):
        self.state = {"FILESTORE_TEST_SERVERS": str(scratch)}
        subprocess.run([SERVERS / "up", "versitygw"], check=True, env=os.environ | self.state, stdout=sys.stderr)
        given = dict(line.split("=", 1) for line in (scratch / "versitygw.env").read_text().splitlines() if "=" in line)
        self.endpoint, self.bucket = given["FILESTORE_S3_ENDPOINT"], given["FILESTORE_S3_BUCKET"]
        self.environment = {
            "AWS_ACCESS_KEY_ID": given["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": given["AWS_SECRET_ACCESS_KEY"],
        }

    def counts(self):
        return {}

    def end(self):
        subprocess.run([SERVERS / "down", "versitygw"], check=True, env=os.environ | self.state, stdout=sys.stderr)


class Bench:
    def __init__(self, scratch, results):
        self.scratch = scratch
        self.results = results
        self.servers = {}
        self.lines = []

    def server(self, cell):
        key = "sink over TLS" if cell.tls else cell.server
        if key not in self.servers:
            place = self.scratch / key.replace(" ", "-")
            place.mkdir()
            self.servers[key] = Sink(place, cell.tls) if cell.server == "sink" else Versitygw(place)
        return self.servers[key]

    def end(self):
        for server in self.servers.values():
            server.end()

    def big_file(self, size):
        path = self.scratch / f"given-{size}"
        if not path.exists():
            with open(path, "wb") as file:
                block = os.urandom(MIB)
                for _ in range(size // MIB):
                    file.write(block)
        return path

    def count_for(self, cell, peer):
        return cell.count if cell.part == "scaling" else max(1, min(cell.count, max(2, int(cell.count * peer.share))))

    def start(self, cell, peer, count):
        """The figures of one program, and when it was started."""
        server = self.server(cell)
        options = list(peer.options)
        feed = None
        taken = self.scratch / "taken"
        if cell.way == "file":
            options.append(f"file={self.big_file(cell.size) if cell.operation == 'put' else taken}")
        if cell.way == "pipe":
            options.append("pipe=yes")
            feed = subprocess.Popen(["cat", self.big_file(cell.size)], stdout=subprocess.PIPE)
        words = [*peer.command, cell.operation, server.endpoint, server.bucket, cell.size, count, cell.concurrency, *options]
        # A process begins with the peak memory of the one that started it, which a shell keeps low, and takes a moment for.
        shell = [] if cell.part == "start" else ["/bin/sh", "-c", '"$0" "$@"; exit $?']
        environment = os.environ | server.environment
        started = time.monotonic_ns()
        process = subprocess.Popen(
            [*shell, *map(str, words)],
            env=environment,
            stdin=feed.stdout if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            printed, complaints = process.communicate(timeout=SECONDS_OF_A_RUN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        finally:
            if feed:
                feed.stdout.close()
                feed.wait()
            taken.unlink(missing_ok=True)
        lines = printed.strip().splitlines()
        if process.returncode != 0 or not lines:
            raise RuntimeError(f"{' '.join(map(str, words))}: {complaints.strip()[-400:]}")
        figures = json.loads(lines[-1])
        if figures["errors"]:
            raise RuntimeError(f"{' '.join(map(str, words))}: {figures['errors']} errors; {complaints.strip()[:400]}")
        return figures, started

    def prepare(self, cell, count):
        """What is read or removed has to be there, on a server that keeps things."""
        if cell.server != "sink" and cell.operation != "put":
            stored = Cell(cell.part, "put", cell.size, count, 8, server=cell.server)
            self.start(stored, PEERS[0], count)

    def measure(self, cell, peer, run):
        count = self.count_for(cell, peer)
        self.prepare(cell, count)
        server = self.server(cell)
        server.counts()
        load = os.getloadavg()[0]
        figures, started = self.start(cell, peer, count)
        figures["first_answer_ms"] = (figures.pop("first_answer_ns") - started) / 1e6
        line = {"peer": peer.name, "run": run, "load": load, **vars(cell), "count": count, **figures, "served": server.counts()}
        self.lines.append(line)
        with open(self.results / "runs.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")

    def run_cell(self, cell, peers, run):
        for turn in range(len(peers)):
            # Another one begins each time.
            peer = peers[(turn + run) % len(peers)]
            for _ in range(STARTS if cell.part == "start" else 1):
                try:
                    self.measure(cell, peer, run)
                except (RuntimeError, subprocess.TimeoutExpired) as error:
                    print(f"{peer.name}, {cell.title}: {error}", file=sys.stderr, flush=True)


def takes_part(peer, cell):
    if cell.way in peer.lacks or cell.operation in peer.lacks:
        return False
    # How a body is protected matters where one is sent.
    if cell.part in ("scaling", "tls", "server") and (peer.share < 0.3 or peer.payload == "signed"):
        return False
    if peer.payload == "signed" and cell.operation != "put":
        return peer.name in ("aws-sdk-s3", "boto3")
    return peer.payload != "crc" or cell.operation == "put" or peer.name == "arrow"


def chosen(names, all_of_them, what):
    if not names:
        return list(all_of_them)
    wanted = [name.strip() for name in names.split(",")]
    unknown = set(wanted) - set(all_of_them)
    if unknown:
        sys.exit(f"there is no {what} {', '.join(sorted(unknown))}; there are: {', '.join(all_of_them)}")
    return wanted


def chosen_peers(text):
    if not text:
        return PEERS
    words = [word.strip() for word in text.split(";")]
    peers = [peer for peer in PEERS if any(peer.name == word or peer.name.split(",")[0] == word for word in words)]
    if not peers:
        sys.exit(f"there is no such peer; there are: {'; '.join(peer.name for peer in PEERS)}")
    return peers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rounds with a quarter of the calls, without what takes long; some ten minutes")
    parser.add_argument("--part", default="", help=f"only these, separated by commas: {', '.join(PARTS)}")
    parser.add_argument("--peer", default="", help="only these, separated by semicolons; `filestore` is all that are ours, `floor` all floors")
    parser.add_argument("--runs", type=int, help="rounds (7; with --quick 3)")
    parser.add_argument("--scale", type=float, help="calls of a cell, as a part of the full number (1; with --quick 0.25)")
    parser.add_argument("--add", action="store_true", help="add to the figures of the last run, in place of taking them away")
    parser.add_argument("--no-build", action="store_true", help="take what was built before")
    parser.add_argument("--report-only", action="store_true", help="write table and plots of the last run's figures anew")
    parser.add_argument("--record", action="store_true", help="write bench/RESULTS.md and its plots")
    options = parser.parse_args()
    results = PLACE / "results"
    results.mkdir(parents=True, exist_ok=True)
    peers = chosen_peers(options.peer)
    quick_parts = "start,small,medium,lists"
    parts = chosen(options.part or (quick_parts if options.quick else ""), PARTS, "part")
    runs = options.runs or (3 if options.quick else 7)
    cells = cells_of(parts, options.scale or (0.25 if options.quick else 1))
    if not options.report_only:
        if not options.no_build:
            build_for(peers)
        first = begin_run(results, options.add)
        measure_all(results, cells, peers, range(first, first + runs))
    lines = [json.loads(line) for line in (results / "runs.jsonl").read_text().splitlines()]
    write_report(lines, results)
    if options.record:
        write_report(lines, ROOT / "bench")
    print(results / "RESULTS.md")


def begin_run(results, adds):
    """The number of the first round. What the last run gave is put aside, where nothing is added to it."""
    last = results / "runs.jsonl"
    if adds and last.exists():
        return max((json.loads(line)["run"] + 1 for line in last.read_text().splitlines()), default=0)
    if last.exists():
        stamp = datetime.datetime.fromtimestamp(last.stat().st_mtime).strftime("%Y%m%d-%H%M%S")
        last.rename(results / f"runs-{stamp}.jsonl")
    last.touch()
    return 0


def measure_all(results, cells, peers, rounds):
    memory = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as scratch:
        bench = Bench(pathlib.Path(scratch), results)
        with contextlib.closing(contextlib.ExitStack()) as stack:
            stack.callback(bench.end)
            for run in rounds:
                for cell in cells:
                    print(f"round {run + 1} of {rounds.stop}: {cell.part}, {cell.title}", file=sys.stderr, flush=True)
                    bench.run_cell(cell, [peer for peer in peers if takes_part(peer, cell)], run)


if __name__ == "__main__":
    main()
