import os
import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(TESTS / "cli")]

from service import Service
from skipping import skip_unless_ci
from stores import LocalStore, S3Store
from tool_fixture import tool  # noqa: F401


@pytest.fixture
def local(tmp_path):
    return LocalStore(tmp_path)


@pytest.fixture
def service(tool, local):
    """filestore serve, on a local store of its own."""
    yield Service.of_tool(tool, local)


@pytest.fixture
def gateway(tmp_path):
    """A store on versitygw."""
    directory = os.environ.get("FILESTORE_TEST_SERVERS")
    server = pathlib.Path(directory or os.devnull) / "versitygw.env"
    if not server.exists():
        skip_unless_ci("versitygw does not run: tests/servers/up versitygw, and set FILESTORE_TEST_SERVERS")
    return S3Store(dict(line.split("=", 1) for line in server.read_text().splitlines() if line), tmp_path)


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
