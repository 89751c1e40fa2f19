"""Services on a store in Python."""

import asyncio
import datetime
import gc
import io
import os
import subprocess
import sys
import textwrap

import pytest
from conftest import PACKAGE, UNKNOWN
from memory_store import MemoryStore

import filestore


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def service(store, tmp_path):
    with filestore.Service.on(store, catalogue_path=tmp_path / "catalogue.sqlite", audit_url="off") as opened:
        yield opened
    assert (store.open_readers, store.open_writers) == (0, 0)


def test_a_file_goes_in_and_comes_out(service, store):
    file_id = service.upload(io.BytesIO(b"hello" * 100_000), path="hello.txt", content_type="text/plain", metadata={"owner": "ada"})
    assert store.files[file_id][0] == b"hello" * 100_000
    info = service.metadata(file_id)
    assert (info.path, info.size, info.content_type, info.metadata) == ("hello.txt", 500_000, "text/plain", {"owner": "ada"})
    assert service.download(file_id) == b"hello" * 100_000
    assert service.download(file_id, offset=3, length=4) == b"lohe"
    assert service.history(file_id)["file_id"] == file_id
    assert service.delete(file_id) is True and service.delete(file_id) is False
    assert not service.exists(file_id) and store.files == {}


def test_pages_of_a_listing(service):
    ids = sorted(service.upload(b"x") for _ in range(5))
    entries, cursor = service.list_page(limit=2)
    assert [entry.id for entry in entries] == ids[:2] and cursor == ids[1]
    assert [(entry.id, entry.size) for entry in service.list(limit=2)] == [(file_id, 1) for file_id in ids]


def test_what_a_backend_raises_is_what_the_caller_gets(service, store):
    with pytest.raises(filestore.NotFound):
        service.download(UNKNOWN)
    store.most = 3
    with pytest.raises(filestore.NoSpace, match="the shelf is full"):
        service.upload(b"hello")
    assert store.files == {}
    store.create = lambda request: {}["nothing"]
    with pytest.raises(filestore.Internal, match="KeyError: 'nothing'"):
        service.upload(b"hello")


@pytest.mark.parametrize("raised,expected", [
    (PermissionError("no"), filestore.PermissionDenied), (OSError(28, "full"), filestore.NoSpace), (OSError(5, "bad"), filestore.Io),
    (NotImplementedError(), filestore.Unsupported), (filestore.RateLimited("slowly", retryable=True), filestore.RateLimited),
])
def test_exceptions_become_codes(service, store, raised, expected):
    def fail(request):
        raise raised

    store.describe = fail
    with pytest.raises(expected) as failure:
        service.metadata(UNKNOWN)
    assert failure.value.retryable == getattr(raised, "retryable", False)


def test_a_backend_must_not_wait_for_a_service(service, store):
    store.describe = lambda request: service.exists(UNKNOWN)
    with pytest.raises(filestore.WouldDeadlock):
        service.metadata(UNKNOWN)


def test_urls_are_made_by_a_backend_that_can(store, tmp_path):
    class Linked(MemoryStore):
        def presign(self, request):
            return f"memory:{request.id}?{request.method}", datetime.datetime.fromtimestamp(request.expires_in, datetime.timezone.utc)

    with filestore.Service.on(Linked(), catalogue_path="off") as service:
        assert service.presign(UNKNOWN, method="head", expires_in=60) == (f"memory:{UNKNOWN}?head", datetime.datetime(1970, 1, 1, 0, 1, tzinfo=datetime.timezone.utc))
    with filestore.Service.on(store, catalogue_path="off") as service, pytest.raises(filestore.Unsupported):
        service.presign(UNKNOWN)


def test_a_service_on_a_backend_needs_a_catalogue_or_none(store):
    with pytest.raises(TypeError):
        filestore.Service.on(store)
    with pytest.raises(filestore.InvalidArgument):
        filestore.Service.on(store, catalogue_path="off", no_such_option=1)


def test_a_backend_ends_with_its_service(store):
    import weakref

    with filestore.Service.on(store, catalogue_path="off") as service:
        service.upload(b"x")
    alive = weakref.ref(service._operations._backend)
    del service
    gc.collect()
    assert alive() is None


def test_a_backend_with_asyncio(store):
    async def main():
        async with filestore.AsyncService.on(store, catalogue_path="off") as service:
            ids = await asyncio.gather(*(service.upload(b"number %d" % number) for number in range(20)))
            return [await service.download(file_id) for file_id in ids]

    assert asyncio.run(main()) == [b"number %d" % number for number in range(20)]


def test_a_program_that_leaves_its_service_open_ends(tmp_path):
    program = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        import filestore
        from memory_store import MemoryStore
        service = filestore.Service.on(MemoryStore(), catalogue_path="off")
        print(service.download(service.upload(b"hello")))
    """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(PACKAGE)})
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "b'hello'\n", "")
