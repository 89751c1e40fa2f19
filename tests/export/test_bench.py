"""bench/export.py measures what is sent today; its figures are those of a quiet machine, and looked at there."""

import os
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).parent.parent.parent / "bench" / "export.py"


def test_the_bench_runs(tmp_path):
    words = [BENCH, os.environ["FILESTORE_TOOL"], "--runs", "1", "--size", "2", "--whole", "1", tmp_path]
    outcome = subprocess.run([sys.executable, *map(str, words)], stdout=subprocess.PIPE, text=True, timeout=120)
    assert outcome.returncode == 0
    ways = [line.split("MiB  ")[1].split("  ")[0] for line in outcome.stdout.splitlines()]
    assert ways == ["openai", "curl -F", "openai, in parts", "curl -F", "gemini"]
