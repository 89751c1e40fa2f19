import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import LONG
from skipping import skip_unless_ci
from stores import LocalStore, S3Store
from tool_fixture import tool  # noqa: F401

SERVERS = ["versitygw", "moto"]


def wanted_servers():
    """Every S3 server that tests/servers/up was asked to start; without any, those that the other tests need."""
    directory = pathlib.Path(os.environ.get("FILESTORE_TEST_SERVERS") or os.devnull)
    return sorted(path.stem for path in directory.glob("*.wanted")) or SERVERS


def pytest_configure(config):
    # Print every skipped test with its reason.
    config.option.reportchars += "s"


def server_environment(name):
    directory = os.environ.get("FILESTORE_TEST_SERVERS")
    if not directory:
        skip_unless_ci("FILESTORE_TEST_SERVERS is not set")
    path = pathlib.Path(directory) / f"{name}.env"
    if not path.exists():
        skip_unless_ci(f"the server {name} does not run: tests/servers/up {name}")
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line)


def make_store(name, directory):
    if name in ("local", "sharded"):
        return LocalStore(directory, "flat" if name == "local" else name)
    return S3Store(server_environment(name), directory)


@pytest.fixture(params=["local", "sharded", *SERVERS])
def store(request, tmp_path):
    return make_store(request.param, tmp_path)


@pytest.fixture
def local(tmp_path):
    return LocalStore(tmp_path)


@pytest.fixture(params=["flat", "sharded"])
def any_local(request, tmp_path):
    """A local store of each layout."""
    return LocalStore(tmp_path, request.param)


@pytest.fixture(params=SERVERS)
def s3_store(request, tmp_path):
    return make_store(request.param, tmp_path)


@pytest.fixture(params=wanted_servers())
def any_s3_store(request, tmp_path):
    return make_store(request.param, tmp_path)


@pytest.fixture
def versitygw(tmp_path):
    return make_store("versitygw", tmp_path)


@pytest.fixture
def versitygw_over_tls(tmp_path):
    return make_store("versitygw-tls", tmp_path)


# On ext4 versitygw has no room for what it notes of the 1,280 parts of the largest files.
@pytest.fixture(params=["local", "minio" if LONG else "versitygw"])
def durable_store(request, tmp_path):
    """A store that keeps its files on disk, so that large ones do not count as anybody's memory."""
    return make_store(request.param, tmp_path)
