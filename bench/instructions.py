"""How many instructions our own code takes for what every request and every file needs, beside what is recorded.

    python3 bench/instructions.py PROGRAM            # the counts
    python3 bench/instructions.py PROGRAM --check    # ... which fails where one is more than 5 % above what instructions.json has
    python3 bench/instructions.py PROGRAM --record   # ... and writes instructions.json

PROGRAM is filestore_instructions of an optimised build. callgrind counts what lies in it, and so neither OpenSSL's digests, which every processor does otherwise, nor the
C library: the counts of one compiler are the same on every machine, whatever else that does.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from record import Record

RECORD = Record("instructions.json", "instructions", "instructions.py")
AT_A_TIME = 2
LINE = re.compile(r"^\s*([\d,]+) \(.*?\)\s+\S.*\[(.+)\]$")


def output(*words):
    return subprocess.run([*map(str, words)], check=True, capture_output=True, text=True).stdout


def count_of(program, name):
    with tempfile.TemporaryDirectory() as scratch:
        collected = pathlib.Path(scratch) / "collected"
        callgrind = ["valgrind", "--quiet", "--tool=callgrind", "--toggle-collect=filestore_counted", f"--callgrind-out-file={collected}"]
        output(*callgrind, program, name)
        lines = output("callgrind_annotate", "--threshold=100", collected).splitlines()
    matches = [match for match in map(LINE.match, lines) if match]
    ours = [int(match[1].replace(",", "")) for match in matches if pathlib.Path(match[2]).name == program.name]
    if not ours:
        sys.exit(f"callgrind counted nothing for '{name}'")
    return sum(ours)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    program = options.program.resolve()
    names = output(program).splitlines()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        counts = dict(zip(names, pool.map(lambda name: count_of(program, name), names)))
    print(f"{'':44}{'counted':>14}{'recorded':>14}")
    for name, count in counts.items():
        print(f"{name:44}{count:14,}{RECORD.numbers.get(name, 0):14,}")
    if options.record:
        RECORD.write(counts)
    if options.check:
        RECORD.check(counts)


if __name__ == "__main__":
    main()
