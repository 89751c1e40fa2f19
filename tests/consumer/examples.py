"""Runs the programs of examples/c and examples/cpp, which run.sh has built into EXAMPLES."""

import os
import pathlib
import subprocess
import uuid

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def program(name):
    return pathlib.Path(os.environ["EXAMPLES"]) / name


def run(name, *arguments, cwd, code=0, **settings):
    ended = subprocess.run([program(name), *map(str, arguments)], cwd=cwd, capture_output=True, timeout=60, **settings)
    assert ended.returncode == code, (ended.returncode, ended.stdout, ended.stderr)
    return ended


def is_id(text):
    return str(uuid.UUID(text)) == text
