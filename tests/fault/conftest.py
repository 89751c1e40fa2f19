import os
import pathlib
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent / "cli")]

from scene import Scene, Stored
from sweep import COUNTS
from tampering import Tamper
from tool_fixture import tool  # noqa: F401


def pytest_configure(config):
    # Print every skipped test with its reason.
    config.option.reportchars += "s"


def pytest_terminal_summary(terminalreporter):
    for line in COUNTS:
        terminalreporter.write_line(line)


@pytest.fixture
def empty_scene(tool, tmp_path):
    return Scene(tool, tmp_path)


@pytest.fixture
def scene(empty_scene):
    """A store with a file whose upload was acknowledged."""
    scene = empty_scene
    scene.keep(Stored(bytes(range(256)) * 40, "kept", {"key": "value"}))
    scene.save()
    return scene


@pytest.fixture
def tamper(tool, scene):
    return Tamper(tool, scene.base)
