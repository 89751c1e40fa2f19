"""A store whose disk is full: nothing more is stored, and what is deleted makes room."""

import contextlib
import os
import subprocess

import pytest
from command import assert_succeeds
from service import Service
from skipping import skip_unless_ci
from stores import LocalStore, set_age
from tus_calls import append, create, tus

SMALL = b"small " * 100
FILES = 60


@pytest.fixture
def local(tmp_path):
    """A store on a file system of 24 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], capture_output=True, text=True)
    if done.returncode != 0:
        skip_unless_ci(f"a tmpfs cannot be mounted: {done.stderr.strip()}")
    yield LocalStore(disk)
    subprocess.run(["umount", "--lazy", disk], check=True)


def room(store):
    """Bytes."""
    disk = os.statvfs(store.base.parent)
    return disk.f_bfree * disk.f_bsize


@contextlib.contextmanager
def no_room(store):
    """Somebody else takes every block that is left."""
    ballast = store.base.with_name("ballast")
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, room(store))
    assert room(store) == 0
    yield
    ballast.unlink()


def test_deletions(service, local):
    ids = [service.upload(SMALL) for _ in range(FILES)]
    with no_room(local):
        assert service.call("PUT", "/files", SMALL).status == 507
        for file_id in ids[1:]:
            assert service.call("DELETE", f"/delete/{file_id}").status == 200
    assert list(local.stored()) == ids[:1]
    assert service.call("GET", f"/download/{ids[0]}").body == SMALL
    service.upload(SMALL)
    service.stop()
    local.catalogue.assert_nothing_open()


def test_a_cleanup(service, local):
    ids = [service.upload(SMALL) for _ in range(FILES)]
    for file_id in ids:
        set_age(local, file_id, 60)
    with no_room(local):
        answer = service.call("POST", "/cleanup?days=30")
        assert (answer.status, answer.json()) == (200, {"message": f"Deleted {FILES} files", "deleted_count": FILES})
    service.stop()
    local.assert_empty()


def test_the_command(tool, local):
    ids = [tool.run("upload", "-", *local.options, input=SMALL).lines[0] for _ in range(3)]
    with no_room(local):
        assert tool.run("upload", "-", *local.options, input=SMALL).code == 1
        assert_succeeds(tool.run("delete", ids[0], *local.options))
        assert_succeeds(tool.run("delete", *ids[1:], *local.options))
    local.assert_empty()


def test_an_upload_in_pieces_that_fills_the_disk(service, local):
    stored = service.upload(SMALL)
    place = create(service, 30_000_000)
    assert append(service, place, 0, bytes(26_000_000)).status == 507
    assert room(local) == 0
    assert service.call("DELETE", f"/delete/{stored}").status == 200
    assert tus(service, "DELETE", place).status == 204
    assert service.call("GET", f"/download/{service.upload(SMALL)}").body == SMALL
    service.stop()
