"""The table of system calls in src/local/commit.h is what a tracer counts."""

import collections
import os
import pathlib
import re
import subprocess

import pytest

HEADER = pathlib.Path(__file__).parents[2] / "src" / "local" / "commit.h"
MODES = ["none", "data", "full"]
# Of memory: whether it is there already is no matter of the store.
NOT_COUNTED = {"brk", "mmap", "munmap", "mremap", "madvise"}


def table():
    """Operation to the number in each mode, and the calls of mode `full`."""
    rows = re.findall(r"^/// {5}(\w+) +(\d+) +(\d+) +(\d+)   (.+)$", HEADER.read_text(), re.MULTILINE)
    return {operation: ([int(number) for number in numbers], calls) for operation, *numbers, calls in rows}


def counted(directory, mode, operation):
    trace = directory / "trace"
    program = os.environ["FILESTORE_COUNTED_CALLS"]
    command = ["strace", "-f", "-o", trace, program, directory / "store", mode, operation]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 and "Operation not permitted" in done.stderr:
        pytest.skip("this system does not let a process be traced")
    assert done.returncode == 0, done.stderr
    names = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)
    first, last = (at for at, name in enumerate(names) if name == "getpriority")
    return collections.Counter(name for name in names[first + 1 : last] if name not in NOT_COUNTED)


def in_words(calls):
    return ", ".join(f"{number} {name}" if number > 1 else name for name, number in sorted(calls.items()))


@pytest.mark.parametrize("operation", ["upload", "replacement", "download", "unchecked", "exists", "metadata", "removal"])
def test_calls_of_an_operation(tmp_path, operation):
    calls = {}
    for mode in MODES:
        directory = tmp_path / mode
        directory.mkdir()
        calls[mode] = counted(directory, mode, operation)
    found = ([calls[mode].total() for mode in MODES], in_words(calls["full"]))
    assert table().get(operation) == found
