"""Compares the C ABI with the one that is recorded in capi/abi.

    abi.py ROOT LIBRARY            fails where a function or a constant is missing, not recorded or another one, or where a signature or a layout differs
    abi.py ROOT LIBRARY --record   records what has come since, and prints how types differ from before; refuses what ABI.md promises not to do

`names.txt` has each function and constant with the version that it came with, `types.xml` what abidw tells of signatures and of all types in them. The types are read from a library that is made of the header alone, with debug information: the real one, which
includes the same header, need not be built with it.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

DECLARATION = re.compile(r"^FILESTORE_C_API\s+([^;]*?\b(filestore_\w+)\([^;]*?\))\s*FILESTORE_NOEXCEPT;", re.MULTILINE)
CONSTANT = re.compile(r"^#define (FILESTORE_\w+) (\d+|UINT64_MAX)$", re.MULTILINE)
# A bit of abidiff's exit code each.
FAILED, DIFFERS = 3, 12


class Abi:
    """What a header promises, and what is recorded of it."""

    def __init__(self, root, header=None):
        self.header = header or root / "capi" / "include" / "filestore.h"
        self.names_file = root / "capi" / "abi" / "names.txt"
        self.types_file = root / "capi" / "abi" / "types.xml"

    def text(self):
        return self.header.read_text()

    def version(self):
        return re.search(r'^#define FILESTORE_VERSION "(.*)"$', self.text(), re.MULTILINE)[1]

    def constants(self):
        """Name to value."""
        return {name: value for name, value in CONSTANT.findall(self.text()) if not name.startswith("FILESTORE_VERSION")}

    def recorded(self):
        """Name to the version that it came with, and to its value, which is "" for a function."""
        lines = self.names_file.read_text().splitlines() if self.names_file.exists() else []
        rows = [line.split() for line in lines if not line.startswith("#")]
        return {name: (since, "".join(value)) for name, since, *value in rows}

    def record(self, rows):
        head = "# What filestore.h has, with the version that it came with, and the value of a constant. Written by tests/checks/abi.py --record\n"
        self.names_file.write_text(head + "".join(f"{name} {' '.join(rows[name])}".rstrip() + "\n" for name in sorted(rows)))


def run(*words):
    return subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True)


def checked(*words):
    done = run(*words)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def exported(library):
    return {line.split()[-1] for line in checked("nm", "--dynamic", "--defined-only", library).splitlines()}


def witness(header, scratch):
    """A library of the functions that the header declares."""
    functions = [f"{signature} {{ __builtin_trap(); }}" for signature, _ in DECLARATION.findall(header.read_text())]
    source = scratch / "witness.c"
    source.write_text(f'#include "{header.resolve()}"\n' + "\n".join(functions) + "\n")
    library = scratch / "libfilestore_c.so"
    checked("gcc", "-std=c99", "-g", "-O0", "-shared", "-fPIC", "-fno-eliminate-unused-debug-types", source, "-o", library)
    return library


def write_types(header, target):
    with tempfile.TemporaryDirectory() as name:
        library = witness(header, pathlib.Path(name))
        checked("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--type-id-style", "hash",
                "--out-file", target, library)


def names_of(abi, library):
    """Name to value."""
    return dict.fromkeys(exported(library), "") | abi.constants()


def differences_of_names(abi, library):
    there = names_of(abi, library)
    recorded = abi.recorded()
    for name, (since, value) in sorted(recorded.items()):
        if name not in there:
            yield f"{name} is recorded since {since}, and is missing"
        elif there[name] != value:
            yield f"{name} is {there[name]}, and was {value} since {since}"
    yield from (f"{name} is not recorded: abi.py --record" for name in sorted(there.keys() - recorded.keys()))


def differences_of_types(abi):
    with tempfile.TemporaryDirectory() as name:
        compared = run("abidiff", "--no-show-locs", abi.types_file, witness(abi.header, pathlib.Path(name)))
    if compared.returncode & FAILED:
        sys.exit(f"abidiff failed: {compared.stdout}{compared.stderr}")
    if compared.returncode & DIFFERS:
        yield compared.stdout


def same_promise(since, now):
    """ABI.md: releases of one major version break nothing, and before 1.0 those of one minor version."""
    parts = 1 if int(now.split(".")[0]) > 0 else 2
    return since.split(".")[:parts] == now.split(".")[:parts]


def broken_promises(abi, library):
    """Names that are missing or changed, although the version promises them."""
    there = names_of(abi, library)
    return sorted(name for name, (since, value) in abi.recorded().items()
                  if there.get(name) != value and same_promise(since, abi.version()))


def record(abi, library):
    if broken := broken_promises(abi, library):
        sys.exit(f"not recorded, as ABI.md promises these: {', '.join(broken)}")
    if abi.types_file.exists():
        print("".join(differences_of_types(abi)) or "the types are as they were")
    recorded = abi.recorded()
    abi.record({name: recorded.get(name, (abi.version(), value)) for name, value in names_of(abi, library).items()})
    write_types(abi.header, abi.types_file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    abi = Abi(options.root)
    if options.record:
        return record(abi, options.library)
    differences = [*differences_of_names(abi, options.library), *differences_of_types(abi)]
    print("\n".join(differences) or "the C ABI is the recorded one")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
