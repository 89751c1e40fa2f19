"""No room where the catalogue and the outbox are: the caller is told, nothing half is left, and with room again the project is told everything."""

import contextlib
import json
import os
import sqlite3
import subprocess

import pytest
from skipping import skip_unless_ci
from store import NOBODY_LISTENS, Store

KIB = 1024
FULL = [b"No space left", b"is full"]


class SmallStore(Store):
    """Its catalogue is on a file system of 1 MiB."""

    def __init__(self, tool, project, disk):
        super().__init__(tool, project)
        self.catalogue = disk / "catalogue.sqlite"

    def run(self, *words, **options):
        return super().run(*words, "--option", f"catalogue_path={self.catalogue}", **options)

    def status(self):
        return json.loads(self.run("audit", "status", "--json").out)


@pytest.fixture
def store(tool, project, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, text=True)
    if done.returncode != 0:
        skip_unless_ci(f"a tmpfs cannot be mounted: {done.stderr.strip()}")
    yield SmallStore(tool, project, disk)
    subprocess.run(["umount", disk], check=True)


@contextlib.contextmanager
def room_for(store, kib):
    ballast = store.catalogue.with_name("ballast")
    free = os.statvfs(ballast.parent)
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bfree * free.f_bsize - kib * KIB))
    yield
    ballast.unlink()


def files(store):
    return {path.name for path in (store.tool.directory / "storage").iterdir() if path.is_file()}


def stored(lines):
    return {line.split(",")[0] for line in lines if not line.split(",")[2]}


def assert_full(outcome):
    assert outcome.code == 1 and any(words in outcome.err for words in FULL), outcome
    assert b"catalogue.sqlite" in outcome.err, outcome


def is_kept(deletion):
    if deletion.code != 0:
        assert_full(deletion)
    return deletion.code != 0 and b"the file was removed" not in deletion.err


def assert_told_once_there_is_room(store):
    # What was open is settled behind this.
    store.upload("next.txt")
    store.flush()
    assert store.project.rows() == store.recorded()
    assert stored(store.recorded()) == files(store)
    assert store.status()["pending"] == 0 and store.status()["parked"] == 0
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection:
        assert connection.execute("select * from intents").fetchall() == []


@pytest.mark.parametrize("kib", [0, 40, 80, 120])
@pytest.mark.parametrize("is_there", [True, False], ids=["project", "no project"])
def test_uploads_and_deletions(store, kib, is_there):
    url = store.project.url if is_there else NOBODY_LISTENS
    wait = "2" if is_there else "0"
    ids, _ = store.upload(*(f"old{number}.txt" for number in range(4)))
    names = [f"new{number}.txt" for number in range(60)]
    for name in names:
        (store.tool.directory / name).write_text(name)
    with room_for(store, kib):
        words = ["--meta", f"filler={'x' * KIB}", "--flush", wait]
        uploads = store.run("upload", *names, *words, url=url)
        assert_full(uploads)
        deletions = {file_id: store.run("delete", file_id, "--flush", wait, url=url) for file_id in ids}
        # Whoever was told of success has it, and whoever was told of a failure has nothing.
        assert set(uploads.lines) | {file_id for file_id in ids if is_kept(deletions[file_id])} == files(store)
    assert_told_once_there_is_room(store)
    assert set(uploads.lines) <= stored(store.recorded())
