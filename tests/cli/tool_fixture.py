"""The command, in a directory of its own for each test. A conftest imports the fixture."""

import os
import pathlib

import pytest

from command import Tool


@pytest.fixture
def tool(tmp_path):
    directory = tmp_path / "work"
    directory.mkdir()
    made = Tool(pathlib.Path(os.environ["FILESTORE_TOOL"]).resolve(), directory)
    yield made
    made.end_what_still_runs()
