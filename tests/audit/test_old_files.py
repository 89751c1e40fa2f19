"""Cleanup where a project tells of files: what its table alone knows is cleaned up, too, and what it says to be new is kept."""

import io
import json
import os
import time
import uuid

import pytest
from original_system import OriginalStorage
from store import NOBODY_LISTENS, Store

NOTHING = {"removed": 0, "bytes": 0, "bytes_in_versions": 0, "already_gone": 0, "kept": 0, "failed": 0, "stale_uploads": 0, "purged": 0, "bytes_purged": 0}
DAY = 24 * 3600


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


class Original:
    """The system before, whose uploads are in the store and in the table, but in no catalogue."""

    def __init__(self, store):
        self.base = store.tool.directory / "storage"
        self.storage = OriginalStorage(self.base)
        self.project = store.project

    def upload(self, age, record_age=None):
        """Of so many days, and of so many by the table."""
        file_id = self.storage.upload("o.txt", io.BytesIO(b"12345"))
        then = time.time() - age * DAY
        os.utime(self.base / file_id, (then, then))
        self.record(file_id, age if record_age is None else record_age)
        return file_id

    def record(self, file_id, age):
        self.project.sql(
            f"insert into public.{self.project.table} (file_id, file_path, uploaded_at) values ('{file_id}', 'o.txt', now() - interval '{age} days')"
        )

    def has(self, file_id):
        return (self.base / file_id).exists()


@pytest.fixture
def original(store):
    return Original(store)


def cleanup(store, *words, **options):
    outcome = store.run("cleanup", "--json", *words, **options)
    assert outcome.code == 0 and outcome.err == b"", outcome
    *files, report = map(json.loads, outcome.lines)
    dry_run = report.pop("dry_run")
    assert dry_run == ("--dry-run" in words)
    return sorted((file["file_id"], file["outcome"]) for file in files), report


def stored(project):
    return set(project.sql(f"select file_id from public.{project.table} where deleted_at is null"))


def cover(store):
    """Has a cleanup find every file recorded, so that the next one does not list the store."""
    assert cleanup(store, "--yes") == ([], NOTHING)


@pytest.mark.parametrize("is_covered", [False, True])
def test_files_of_the_system_before(store, original, is_covered):
    if is_covered:
        store.upload("a.txt")
        cover(store)
    old, young, gone = original.upload(40), original.upload(20), str(uuid.uuid4())
    original.record(gone, 40)
    others = stored(store.project) - {old, young, gone}
    expected = (sorted([(old, "removed"), (gone, "already_gone")]), {**NOTHING, "removed": 1, "bytes": 5, "already_gone": 1})
    assert cleanup(store, "--dry-run") == expected
    assert original.has(old) and stored(store.project) == {old, young, gone} | others
    assert cleanup(store, "--yes") == expected
    assert not original.has(old) and original.has(young)
    assert stored(store.project) == {young} | others
    (times,) = store.project.sql(f"select count(*) from public.{store.project.table} where file_id = '{old}' and uploaded_at < now() - interval '39 days' and deleted_at > now() - interval '1 day'")
    assert times == "1"
    assert cleanup(store, "--yes") == ([], NOTHING)


def test_more_rows_than_the_server_gives_at_a_time(store):
    table = store.project.table
    store.project.sql(
        f"insert into public.{table} (file_id, file_path, uploaded_at) select gen_random_uuid(), 'x', '2026-01-01 00:00:00+00' from generate_series(1, 2100)"
    )
    # It holds nothing of what is recorded, and is perhaps not the store that the table tells of.
    refused = store.run("cleanup", "--yes")
    assert refused.code == 1 and b"--accept-missing" in refused.err, refused
    assert len(stored(store.project)) == 2100
    _, report = cleanup(store, "--yes", "--accept-missing", "--flush", "60")
    assert report == {**NOTHING, "already_gone": 2100}
    assert stored(store.project) == set()


def test_one_file_that_the_table_knows_shows_that_the_store_is_its_own(store, original):
    original.upload(1)
    for _ in range(20):
        original.record(str(uuid.uuid4()), 40)
    _, report = cleanup(store, "--yes")
    assert report == {**NOTHING, "already_gone": 20}
    assert len(stored(store.project)) == 1


def test_what_the_table_says_to_be_new_is_kept(store, original):
    file_id = original.upload(40, record_age=1)
    assert cleanup(store, "--yes") == ([(file_id, "kept")], {**NOTHING, "kept": 1})
    assert original.has(file_id) and stored(store.project) == {file_id}


def test_a_deletion_that_waits_is_no_file_to_remove(store):
    (file_id,), _ = store.upload("a.txt")
    store.project.sql(f"update public.{store.project.table} set uploaded_at = now() - interval '40 days'")
    assert store.run("delete", file_id, "--flush", "0", url=NOBODY_LISTENS).code == 0
    store.project.sql(f"alter table public.{store.project.table} add constraint no_deletion check (deleted_at is null)")
    files, report = cleanup(store, "--dry-run")
    assert (files, report) == ([], NOTHING)


def test_without_an_answer_of_the_project_nothing_that_it_may_know_is_removed(store, original):
    file_id = original.upload(40, record_age=1)
    outcome = store.run("cleanup", "--yes", "--flush", "0", url=NOBODY_LISTENS)
    assert outcome.code == 6 and original.has(file_id)
