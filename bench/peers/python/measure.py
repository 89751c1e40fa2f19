"""What the peers in Python have in common: the command line of every peer, and the figures that it prints (see bench/peers.py)."""

import json
import os
import random
import resource
import sys
import threading
import time

REGION = "us-east-1"
MIB = 1 << 20


class Job:
    """OPERATION ENDPOINT BUCKET SIZE COUNT CONCURRENCY [file=PATH] [pipe=yes] [payload=signed|unsigned]"""

    def __init__(self, words):
        self.operation, self.endpoint, self.bucket = words[:3]
        self.size, self.count, self.concurrency = map(int, words[3:6])
        options = dict(word.split("=", 1) for word in words[6:])
        self.file = options.get("file")
        self.pipe = "pipe" in options
        self.signed = options.get("payload") == "signed"
        self.access_key = os.environ.get("AWS_ACCESS_KEY_ID", "benchmark")
        self.secret_key = os.environ.get("AWS_SECRET_ACCESS_KEY", "benchmark")

    def key(self, number):
        """The sink reads the size out of it."""
        return f"o{self.size}-{number}"

    def list_prefix(self):
        return f"n{self.size}/"

    def payload(self):
        """The body of uploads from memory; empty for everything else."""
        if self.operation != "put" or self.file or self.pipe:
            return b""
        block = random.Random(1).randbytes(min(self.size, MIB))
        return (block * (self.size // max(1, len(block)) + 1))[: self.size]


def run(job, one):
    """Calls one(number) for each number below the count, on as many threads as calls go on at a time, and prints the figures."""
    latencies = [0.0] * job.count
    lock = threading.Lock()
    state = {"next": 0, "errors": 0, "first_answer": 0}

    def work():
        while True:
            with lock:
                number = state["next"]
                state["next"] += 1
            if number >= job.count:
                return
            started = time.perf_counter()
            try:
                one(number)
            except Exception as error:
                with lock:
                    state["errors"] += 1
                print(repr(error), file=sys.stderr)
            latencies[number] = (time.perf_counter() - started) * 1e3
            if number == 0:
                state["first_answer"] = time.monotonic_ns()

    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    if job.concurrency == 1:
        work()
    else:
        threads = [threading.Thread(target=work) for _ in range(job.concurrency)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    latencies.sort()

    def quantile(part):
        return latencies[min(int(part * len(latencies)), len(latencies) - 1)]

    figures = {
        "operations": len(latencies),
        "errors": state["errors"],
        "wall_s": wall,
        "user_s": used.ru_utime - before.ru_utime,
        "system_s": used.ru_stime - before.ru_stime,
        "p50_ms": quantile(0.5),
        "p99_ms": quantile(0.99),
        "peak_kib": used.ru_maxrss,
        "first_answer_ns": state["first_answer"],
    }
    print(json.dumps(figures))
