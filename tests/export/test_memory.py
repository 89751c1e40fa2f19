"""A large file is never held in memory: 256 MiB in each run, 2 GiB in the long one."""

import os
import pathlib
import sys

import pytest
from command import LONG

MIB = 1 << 20
SIZE = (2048 if LONG else 256) * MIB
ALLOWED = 64 * MIB
PEAK_MEMORY = pathlib.Path(__file__).parent.parent / "cli" / "peak_memory.py"


def measured(tool, *arguments):
    """The outcome of the command, and the bytes that it held at most."""
    result = tool.directory / "peak"
    small_python = [sys.executable, "-E", "-S", str(PEAK_MEMORY), str(result), tool.path]
    outcome = type(tool)(small_python[0], tool.directory).run(*small_python[1:], *arguments, environment=tool.environment)
    return outcome, int(result.read_text()) * 1024


def upload(tool, size, *options):
    path = tool.directory / "large"
    with open(path, "wb") as file:
        file.truncate(size)
        file.write(os.urandom(MIB))
    uploaded = tool.run("upload", "large", "--content-type", "video/mp4", *options)
    path.unlink()
    assert uploaded.code == 0, uploaded
    return uploaded.lines[0]


def check_memory(exporting, provider, how, file_id, size, capsys, *options):
    outcome, peak = measured(exporting.tool, "send", file_id, "--to", provider.kind, "--base-url", provider.url, *options)
    assert outcome.code == 0, outcome
    (sent,) = provider.files.values()
    assert sent["size"] == size
    with capsys.disabled():
        print(f"\nsend of {size / MIB:.0f} MiB, {how}: at most {peak / MIB:.1f} MiB")
    assert peak < ALLOWED


@pytest.mark.parametrize("how", ["openai in parts", "openai", "anthropic", "gemini"])
def test_memory(exporting, start, capsys, how):
    kind = how.split()[0]
    size = SIZE if how in ("openai in parts", "gemini") else min(SIZE, 500 * MIB)
    parts = ["--parts-above", str(MIB)] if how == "openai in parts" else []
    file_id = upload(exporting.tool, size, "--option", "durability=none")
    check_memory(exporting, start(kind), how, file_id, size, capsys, *parts)


@pytest.mark.parametrize("how", ["openai in parts", "gemini"])
def test_memory_of_a_file_on_s3(exporting, gateway, start, capsys, how):
    exporting.tool.environment.update(gateway.environment)
    parts = ["--parts-above", str(MIB)] if how == "openai in parts" else []
    file_id = upload(exporting.tool, SIZE, *gateway.options)
    check_memory(exporting, start(how.split()[0]), f"{how} from S3", file_id, SIZE, capsys, *parts, *gateway.options)
