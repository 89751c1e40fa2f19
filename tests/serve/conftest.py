import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(TESTS / "cli")]

from service import Service
from stores import LocalStore
from tool_fixture import tool  # noqa: F401


@pytest.fixture
def local(tmp_path):
    return LocalStore(tmp_path)


@pytest.fixture
def service(tool, local):
    """filestore serve, on a local store of its own."""
    yield Service.of_tool(tool, local)


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """The original system's service, on a store of its own."""
    base = tmp_path_factory.mktemp("original")
    process = subprocess.Popen(
        [sys.executable, str(pathlib.Path(__file__).with_name("original_service.py")), str(base)], stdout=subprocess.PIPE
    )
    service = Service(process, base)
    service.is_ours = False
    yield service
    process.kill()
    process.communicate()
