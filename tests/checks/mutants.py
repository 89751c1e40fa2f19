"""Checks that each mutant names its test and still fits the sources that it breaks: mutants.py ROOT. Whether a test sees it is shown by tests/mutants/run.py."""

import pathlib
import re
import subprocess
import sys


def fits(patch, root):
    command = ["patch", "--dry-run", "--strip=1", "--forward", "--input", patch]
    return subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL).returncode == 0


def names_test(patch):
    return re.match(r"# test: (pytest \S|filestore_\w)", patch.read_text())


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    patches = sorted((root / "tests" / "mutants").glob("*/*.patch"))
    stale = [patch for patch in patches if not fits(patch, root)]
    for patch in stale:
        print(f"{patch.relative_to(root)} does not apply any more: make it anew")
    nameless = [patch for patch in patches if not names_test(patch)]
    for patch in nameless:
        print(f"{patch.relative_to(root)} does not say in its first line which test sees it")
    sys.exit(1 if stale or nameless or not patches else 0)


if __name__ == "__main__":
    main()
