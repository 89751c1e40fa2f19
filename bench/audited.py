"""What recording costs: uploads of 4 KiB by 8 threads, local store, mode full, with and without catalogue and outbox; medians and ratios.

    cmake --preset release -D FILESTORE_BENCH=ON && cmake --build --preset release --target filestore_bench_audited
    python3 bench/audited.py build/release/bench/filestore_bench_audited [--runs 9] [--count 2000] DIRECTORY

DIRECTORY is on the disk to measure on: on tmpfs nothing waits for one. Variants take turns, so that a disturbance meets all of them.
"""

import argparse
import pathlib
import shutil
import statistics
import subprocess
import tempfile

VARIANTS = ("off", "catalogue", "outbox")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()
    measured = {variant: [] for variant in VARIANTS}
    directory = pathlib.Path(tempfile.mkdtemp(dir=options.directory))
    try:
        for run in range(options.runs):
            for variant in VARIANTS:
                words = [options.program, variant, directory / f"{variant}-{run}", options.count]
                printed = subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout
                measured[variant].append(tuple(map(float, printed.split())))
    finally:
        shutil.rmtree(directory)
    plain = [wall for wall, _ in measured["off"]]
    for variant, runs in measured.items():
        walls = [wall for wall, _ in runs]
        ratio = statistics.median(wall / beside for wall, beside in zip(walls, plain))
        processor = statistics.median(seconds for _, seconds in runs)
        print(
            f"{variant:10} {statistics.median(walls):7.3f} s, {options.count / statistics.median(walls):7.0f} files/s, {processor:6.3f} s CPU, "
            f"{ratio:5.2f}x wall of off ({min(walls):.3f} to {max(walls):.3f} s)"
        )


main()
