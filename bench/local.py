"""The local backend beside its peers, in one run: medians, and ratios to the peer.

    cmake --preset release -D FILESTORE_BENCH=ON && cmake --build --preset release --target filestore_bench_local
    python3 bench/local.py build/release/bench/filestore_bench_local [--runs 9] [--count 5000] [--size 1024] DIRECTORY...

Each DIRECTORY names a file system to measure on, such as one on ext4 and one on tmpfs; there must be room for twice the large file (--size MiB) and for
COUNT small files a run. Nothing is deleted between runs, which would make ext4 slow, and everything at the end. As root, --xfs also measures durable files and
the large file on an xfs that shares blocks, in a loop image that it makes in the first DIRECTORY.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

MIB = 1024 * 1024
HERE = pathlib.Path(__file__).parent


class Bench:
    def __init__(self, program, directory, options):
        self.program = program
        self.directory = directory
        self.options = options
        self.fresh = 0

    def new_directory(self):
        self.fresh += 1
        return self.directory / f"store-{self.fresh}"

    def run(self, *words):
        """Wall and processor seconds, as the program prints them."""
        printed = subprocess.run([self.program, *map(str, words)], check=True, capture_output=True, text=True).stdout
        return tuple(map(float, printed.split()))

    def original(self, directory):
        command = [sys.executable, HERE / "original.py", directory, str(self.options.count)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return tuple(map(float, printed.split()))

    def medians(self, variants):
        """Name to the medians of wall and processor seconds. The variants take turns, so that a disturbance meets all of them."""
        measured = {name: [] for name in variants}
        for _ in range(self.options.runs):
            for name, variant in variants.items():
                measured[name].append(variant())
        return {name: tuple(map(statistics.median, zip(*runs))) for name, runs in measured.items()}


def timed(*command):
    start = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, command
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def show(title, medians, peers):
    print(f"\n{title}")
    for name, (wall, processor) in medians.items():
        ratios = [
            f"{wall / medians[peer][0]:.2f}x wall, {processor / medians[peer][1]:.2f}x CPU of {peer}"
            for peer in peers
            if name != peer and medians[peer][1] > 0
        ]
        print(f"  {name:32} {wall * 1000:9.1f} ms {processor * 1000:9.1f} ms CPU   {'; '.join(ratios)}", flush=True)


def small_files(bench, place):
    count = bench.options.count
    uploaded = {}

    def upload(word):
        uploaded[word] = bench.new_directory()
        return bench.run(word, uploaded[word], count)

    medians = bench.medians(
        {
            "loop": lambda: upload("upload-loop"),
            "original": lambda: bench.original(bench.new_directory()),
            "filestore": lambda: upload("upload"),
            "filestore, blocking calls": lambda: upload("upload-blocking"),
        }
    )
    show(f"{place}: upload of {count} files of 4 KiB, mode none", medians, ["loop", "original"])
    words = {"open, read, close": "download-loop", "the same with the sidecar": "download-loop-both"}
    words |= {"filestore": "download", "filestore, blocking calls": "download-blocking"}
    words |= {"filestore, no check": "download-unchecked", "the same, blocking calls": "download-unchecked-blocking"}
    medians = bench.medians({name: lambda word=word: bench.run(word, uploaded["upload"], count) for name, word in words.items()})
    show(f"{place}: download of {count} files of 4 KiB", medians, list(words)[:2])


def durable_files(bench, place):
    count = bench.options.count
    medians = bench.medians(
        {
            "loop": lambda: bench.run("durable-loop", bench.new_directory(), count),
            # No protocol that waits for the disk can be faster with so many threads.
            "one log, flushed in batches": lambda: bench.run("durable-log", bench.new_directory(), count),
            "filestore": lambda: bench.run("durable", bench.new_directory(), count),
        }
    )
    show(f"{place}: 16 threads upload {count} files of 4 KiB, mode full", medians, ["loop", "one log, flushed in batches"])


def large_file(bench, place):
    given = bench.directory / "given"
    with open(given, "wb") as file:
        block = os.urandom(MIB)
        for _ in range(bench.options.size):
            file.write(block)
    os.sync()

    def removed(measure):
        """Room is short, and each writes anew."""
        directory = bench.new_directory()
        directory.mkdir()
        try:
            return measure(directory)
        finally:
            shutil.rmtree(directory)

    medians = bench.medians(
        {
            "cp": lambda: removed(lambda to: timed("cp", given, to / "copy")),
            "cp --reflink=never": lambda: removed(lambda to: timed("cp", "--reflink=never", given, to / "copy")),
            "filestore, checksum off": lambda: removed(lambda to: bench.run("copy", to, given, "off")),
            "filestore, checksum on": lambda: removed(lambda to: bench.run("copy", to, given, "on")),
        }
    )
    show(f"{place}: a file of {bench.options.size} MiB, mode none", medians, ["cp", "cp --reflink=never"])
    given.unlink()


@contextlib.contextmanager
def xfs_image(directory, mib):
    image = directory / "xfs-image"
    place = directory / "xfs"
    place.mkdir()
    with open(image, "wb") as file:
        file.truncate(mib * MIB)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("directories", nargs="+", type=pathlib.Path, metavar="DIRECTORY")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--size", type=int, default=1024, metavar="MIB")
    parser.add_argument("--only", choices=["small", "durable", "large"])
    parser.add_argument("--xfs", action="store_true")
    options = parser.parse_args()
    parts = {"small": small_files, "durable": durable_files, "large": large_file}
    parts = {name: part for name, part in parts.items() if options.only in (None, name)}
    for directory in options.directories:
        kind = subprocess.run(["stat", "-f", "-c", "%T", directory], check=True, capture_output=True, text=True).stdout.strip()
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            bench = Bench(options.program.resolve(), pathlib.Path(scratch), options)
            for part in parts.values():
                part(bench, kind)
    if options.xfs:
        with tempfile.TemporaryDirectory(dir=options.directories[0]) as scratch:
            with xfs_image(pathlib.Path(scratch), 4 * options.size + 512) as place:
                bench = Bench(options.program.resolve(), place, options)
                for name in parts.keys() - {"small"}:
                    parts[name](bench, "xfs, reflink")


if __name__ == "__main__":
    main()
