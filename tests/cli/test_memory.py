"""Neither a large file nor the names of many are held in memory."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest
from command import LONG, assert_succeeds, uploaded
from stores import DAY, MISSING_ID, LocalStore, fill

GIB = 1 << 30
MIB = 1 << 20
SIZE = (10 if LONG else 2) * GIB
ALLOWED_ABOVE_IDLE = 64 * MIB
# Whatever the size of the file, with the settings that a user has.
ALLOWED = 96 * MIB
LARGE_PART = 100 * MIB
# For parts that are too large for it.
LITTLE_MEMORY = 4 * MIB
# Apart, so that bytes in the wrong place are noticed though most of the file is zeros.
MARKED_OFFSETS = [0, 5 * MIB + 1, GIB - 3, SIZE - MIB]
FORTY_DAYS_AGO = time.time() - 40 * DAY
PEAK_MEMORY = pathlib.Path(__file__).with_name("peak_memory.py")


@pytest.fixture
def large_file(tool):
    path = tool.directory / "large"
    with open(path, "wb") as file:
        file.truncate(SIZE)
        for offset in MARKED_OFFSETS:
            file.seek(offset)
            file.write(os.urandom(MIB))
    assert path.stat().st_size == SIZE
    yield path
    path.unlink()


def run_measured(tool, result, *arguments, **options):
    """Runs the command; answers its outcome and the bytes that it held at most."""
    # -S: without it Python alone would hold more than the idle command.
    small_python = [sys.executable, "-E", "-S", str(PEAK_MEMORY), str(result), tool.path]
    outcome = type(tool)(small_python[0], tool.directory).run(*small_python[1:], *arguments, **options)
    return outcome, int(result.read_text()) * 1024


@pytest.fixture
def measured(tool, durable_store, tmp_path):
    """run_measured() on the store."""

    def run(*arguments, **options):
        options = {"environment": durable_store.environment, **options}
        return run_measured(tool, tmp_path / "peak", *arguments, *durable_store.options, **options)

    return run


@pytest.fixture
def file_of_large_parts(tool):
    path = tool.directory / "parts"
    with open(path, "wb") as file:
        file.truncate(5 * LARGE_PART + 5)
        for part in range(5):
            file.seek(part * LARGE_PART + 7)
            file.write(os.urandom(MIB))
    yield path
    path.unlink()


def same_bytes(first, second):
    with open(first, "rb") as one, open(second, "rb") as other:
        while block := one.read(MIB):
            if block != other.read(MIB):
                return False
        return other.read(1) == b""


@pytest.fixture
def assert_small(capsys):
    """Checks what was held, and prints it into the log of the run, also where all is well."""

    def check(direction, peak, idle):
        with capsys.disabled():
            print(f"\n{direction} of {SIZE / GIB:.0f} GiB: at most {peak / MIB:.1f} MiB, idle {idle / MIB:.1f} MiB")
        assert peak < ALLOWED
        assert peak - idle < ALLOWED_ABOVE_IDLE

    return check


def test_a_large_file_goes_in_and_out(measured, tool, large_file, assert_small):
    absent, idle = measured("exists", MISSING_ID)
    assert absent.code == 3
    outcome, peak = measured("upload", large_file)
    file_id = uploaded(outcome)
    assert_small("upload", peak, idle)

    copy = tool.directory / "copy"
    outcome, peak = measured("download", file_id, "-o", copy)
    assert_succeeds(outcome)
    assert_small("download", peak, idle)
    assert same_bytes(large_file, copy)
    copy.unlink()
    assert measured("delete", file_id)[0].code == 0


def test_a_large_file_goes_through_pipes(measured, large_file, assert_small):
    """Nobody knows the size beforehand, and nobody can go back."""
    absent, idle = measured("exists", MISSING_ID)
    assert absent.code == 3
    with subprocess.Popen(["cat", large_file], stdout=subprocess.PIPE) as writer:
        outcome, peak = measured("upload", "-", stdin=writer.stdout)
    file_id = uploaded(outcome)
    assert_small("upload by a pipe", peak, idle)

    with subprocess.Popen(["cmp", large_file, "-"], stdin=subprocess.PIPE) as reader:
        outcome, peak = measured("download", file_id, "-o", "-", stdout=reader.stdin)
        reader.stdin.close()
        assert outcome.code == 0, outcome
        assert reader.wait() == 0
    assert_small("download by a pipe", peak, idle)
    assert measured("delete", file_id)[0].code == 0


@pytest.mark.parametrize("durable_store", ["versitygw"], indirect=True)
@pytest.mark.parametrize("way", ["path", "pipe"])
def test_parts_that_are_too_large_for_memory_are_spooled(measured, tool, tmp_path, file_of_large_parts, way):
    spool = tmp_path / "spool"
    spool.mkdir()
    options = [
        *("--option", f"part_size={LARGE_PART}", "--option", f"part_memory={LITTLE_MEMORY}"),
        *("--option", f"spool_directory={spool}"),
    ]
    absent, idle = measured("exists", MISSING_ID)
    assert absent.code == 3
    if way == "path":
        outcome, peak = measured("upload", file_of_large_parts, *options)
    else:
        with subprocess.Popen(["cat", file_of_large_parts], stdout=subprocess.PIPE) as writer:
            outcome, peak = measured("upload", "-", *options, stdin=writer.stdout)
    file_id = uploaded(outcome)
    print(f"idle {idle / MIB:.1f} MiB, upload {peak / MIB:.1f} MiB")
    assert peak - idle < LITTLE_MEMORY + 16 * MIB
    assert list(spool.iterdir()) == []

    copy = tool.directory / "copy"
    outcome, peak = measured("download", file_id, "-o", copy, *options)
    assert_succeeds(outcome)
    print(f"download {peak / MIB:.1f} MiB")
    assert peak - idle < LITTLE_MEMORY + 16 * MIB
    assert same_bytes(file_of_large_parts, copy)
    copy.unlink()


@pytest.mark.parametrize("layout", ["flat", "sharded"])
def test_memory_does_not_grow_with_the_number_of_files(tool, tmp_path, capsys, layout):
    """What each command held at most goes into the log of the run."""
    told = tmp_path / "told"

    def peak(*arguments):
        with open(told, "wb") as out:
            outcome, held = run_measured(tool, tmp_path / "peak", *arguments, stdout=out)
        assert outcome.code == 0 and outcome.err == b"", outcome.err
        return held

    def words(number):
        """What stands there in each line that was told."""
        return [line.split()[number] for line in told.read_text().splitlines()]

    other = "flat" if layout == "sharded" else "sharded"
    # In the second one of a flat store a run reads as much ahead as ever.
    sizes = [1000, 70_000 if LONG or layout == "flat" else 10_000, *([1_000_000] if LONG else [])]
    peaks = []
    for count in sizes:
        store = LocalStore(tmp_path / str(count), layout)
        ids = fill(store, count, b"")
        for file_id in ids:
            os.utime(store.data(file_id), (FORTY_DAYS_AGO, FORTY_DAYS_AGO))
        held = {"verify": peak("verify", *store.options), "list": peak("list", *store.options)}
        assert words(0) == ids
        held["cleanup"] = peak("cleanup", "--dry-run", *store.options)
        assert words(2)[:-1] == ids
        held["convert"] = peak("convert", "--layout", other, store.base)
        shutil.rmtree(store.base)
        with capsys.disabled():
            print(f"\n{layout}, {count} files: " + ", ".join(f"{word} {size / MIB:.1f} MiB" for word, size in held.items()))
        peaks.append(held)
    smallest, full, *larger = peaks
    for word in smallest:
        assert full[word] - smallest[word] < 32 * MIB
        # The names alone would be 36 MiB.
        assert all(held[word] - full[word] < 8 * MIB for held in larger)
