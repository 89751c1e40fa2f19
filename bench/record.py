"""What was measured once, in a JSON file of this folder, and what has grown since."""

import json
import pathlib
import platform
import subprocess
import sys

GROWTH = 1.05


class Record:
    """Numbers by what they are of. `program` is the script that measures them."""

    def __init__(self, name, unit, program):
        self.path = pathlib.Path(__file__).resolve().parent / name
        self.unit, self.program = unit, program
        self.numbers = json.loads(self.path.read_text())[unit] if self.path.exists() else {}

    def write(self, numbers):
        compiler = subprocess.run(["c++", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
        self.path.write_text(json.dumps({"made_by": f"{platform.machine()}, {compiler}", self.unit: numbers}, indent=4) + "\n")

    def check(self, numbers):
        """Ends the process with a failure where one is more than 5 % above what was recorded."""
        problems = list(self._grown(numbers))
        for problem in problems:
            print(f"{problem}. Where it is worth that: bench/{self.program} --record", file=sys.stderr)
        sys.exit(1 if problems else 0)

    def _grown(self, numbers):
        for name in sorted(numbers.keys() | self.numbers.keys()):
            if name not in numbers or name not in self.numbers:
                yield f"'{name}' is measured or recorded, but not both"
            elif numbers[name] > GROWTH * self.numbers[name]:
                yield f"'{name}' takes {numbers[name]:,} {self.unit}, {100 * (numbers[name] / self.numbers[name] - 1):.1f} % more than recorded"
