"""Checks that each mutant still fits the sources that it breaks: mutants.py ROOT. Whether a test sees it is shown by tests/mutants/run.py."""

import pathlib
import subprocess
import sys


def fits(patch, root):
    command = ["patch", "--dry-run", "--strip=1", "--forward", "--input", patch]
    return subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL).returncode == 0


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    patches = sorted((root / "tests" / "mutants").glob("*/*.patch"))
    stale = [patch for patch in patches if not fits(patch, root)]
    for patch in stale:
        print(f"{patch.relative_to(root)} does not apply any more: make it anew")
    sys.exit(1 if stale or not patches else 0)


if __name__ == "__main__":
    main()
