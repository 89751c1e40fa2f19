"""How many instructions our own code takes for what every request and every file needs, beside what is recorded.

    python3 bench/instructions.py PROGRAM            # the counts
    python3 bench/instructions.py PROGRAM --check    # ... which fails where one is more than 5 % above what instructions.json has
    python3 bench/instructions.py PROGRAM --record   # ... and writes instructions.json

PROGRAM is filestore_instructions of an optimised build. callgrind counts what lies in it, and so neither OpenSSL's digests, which every processor does otherwise, nor the
C library: the counts of one compiler are the same on every machine, whatever else that does.
"""

import argparse
import json
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

RECORD = pathlib.Path(__file__).resolve().parent / "instructions.json"
GROWTH = 1.05
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


def grown(counts, recorded):
    for name in sorted(counts.keys() | recorded.keys()):
        if name not in counts or name not in recorded:
            yield f"'{name}' is counted or recorded, but not both"
        elif counts[name] > GROWTH * recorded[name]:
            yield f"'{name}' takes {counts[name]:,} instructions, {100 * (counts[name] / recorded[name] - 1):.1f} % more than recorded"


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
    recorded = json.loads(RECORD.read_text())["instructions"] if RECORD.exists() else {}
    print(f"{'':44}{'counted':>14}{'recorded':>14}")
    for name, count in counts.items():
        print(f"{name:44}{count:14,}{recorded.get(name, 0):14,}")
    if options.record:
        made_by = f"{platform.machine()}, {output('c++', '--version').splitlines()[0]}"
        RECORD.write_text(json.dumps({"made_by": made_by, "instructions": counts}, indent=4) + "\n")
    problems = list(grown(counts, recorded)) if options.check else []
    for problem in problems:
        print(f"{problem}. Where it is worth that: bench/instructions.py --record", file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
