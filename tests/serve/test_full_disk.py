"""A store whose disk is full: nothing more is stored, and what is deleted makes room."""

import contextlib
import os
import sqlite3
import subprocess
import time

import pytest
from command import assert_succeeds
from service import Service
from skipping import skip_unless_ci
from stores import LocalStore, set_age
from tus_calls import append, create, tus

SMALL = b"small " * 100
FILES = 60
# In the year 2000.
LONG_AGO = 946_684_800


@pytest.fixture
def local(tmp_path):
    """A store on a file system of 64 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], capture_output=True, text=True)
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
    """Somebody else takes every block that is left. Yields how to do it again."""
    ballast = store.base.with_name("ballast")

    def take():
        with open(ballast, "ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), max(room(store), 1))
            file.seek(0, os.SEEK_END)
        assert room(store) == 0

    take()
    yield take
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


def test_a_cleanup_of_files_with_much_metadata(tool, local):
    count = 1000
    (tool.directory / "small").write_bytes(SMALL)
    uploaded = tool.run("upload", *["small"] * count, "--meta", f"filler={'x' * 6000}", *local.options)
    ids = uploaded.lines
    assert len(ids) == count
    for file_id in ids:
        os.utime(local.data(file_id), (LONG_AGO, LONG_AGO))
    with contextlib.closing(sqlite3.connect(local.catalogue.path)) as connection, connection:
        connection.execute("UPDATE file_uploads SET uploaded_at = '2020-01-01T00:00:00.000000Z'")
    with no_room(local):
        assert_succeeds(tool.run("cleanup", "--yes", *local.options))
    local.assert_empty()


def test_the_command(tool, local):
    ids = [tool.run("upload", "-", *local.options, input=SMALL).lines[0] for _ in range(FILES)]
    with no_room(local) as take:
        for file_id in ids:
            assert_succeeds(tool.run("delete", file_id, *local.options))
            take()
        assert tool.run("upload", "-", *local.options, input=SMALL).code == 1
    local.assert_empty()


def test_deletions_that_can_be_taken_back(tool, local):
    """They make no room. What does is done in the space that is left for it."""
    words = [*local.options, "--option", "soft_delete_grace=1s"]
    ids = [tool.run("upload", "-", *words, input=SMALL).lines[0] for _ in range(FILES)]
    assert_succeeds(tool.run("delete", ids[0], *words))
    with no_room(local):
        outcome = tool.run("delete", ids[1], *words)
        assert outcome.code == 1 and b"full" in outcome.err, outcome
        time.sleep(1.1)
        assert_succeeds(tool.run("cleanup", "--yes", *words))
    assert set(local.stored()) == set(ids[1:])


def test_an_upload_in_pieces_that_fills_the_disk(service, local):
    stored = service.upload(SMALL)
    place = create(service, 70_000_000)
    assert append(service, place, 0, bytes(66_000_000)).status == 507
    assert room(local) == 0
    assert service.call("DELETE", f"/delete/{stored}").status == 200
    assert tus(service, "DELETE", place).status == 204
    assert service.call("GET", f"/download/{service.upload(SMALL)}").body == SMALL
    service.stop()
