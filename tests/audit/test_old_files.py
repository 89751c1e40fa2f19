"""Cleanup where a project tells of files: what its table alone knows is cleaned up, too, and what it says to be new is kept."""

import contextlib
import datetime
import io
import json
import os
import sqlite3
import threading
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
    files, report = cleanup(store, "--dry-run", "--flush", "0")
    assert (files, report) == ([], NOTHING)


def test_without_an_answer_of_the_project_nothing_that_it_may_know_is_removed(store, original):
    file_id = original.upload(40, record_age=1)
    outcome = store.run("cleanup", "--yes", "--flush", "0", url=NOBODY_LISTENS)
    assert outcome.code == 6 and original.has(file_id)


def recorded_files(store, age, count):
    """That the catalogue, the store and the project know, of so many days by all three."""
    ids, _ = store.upload(*(f"recorded-{number}.txt" for number in range(count)))
    then = time.time() - age * DAY
    at = datetime.datetime.fromtimestamp(then, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection, connection:
        for file_id in ids:
            os.utime(store.tool.directory / "storage" / file_id, (then, then))
            connection.execute("update file_uploads set uploaded_at = ? where file_id = ?", (at, file_id))
            connection.execute("delete from outbox where file_id = ?", (file_id,))
    listed = ", ".join(f"'{file_id}'" for file_id in ids)
    store.project.sql(f"update public.{store.project.table} set uploaded_at = now() - interval '{age} days' where file_id in ({listed})")
    return ids


def recorded_file(store, age):
    return recorded_files(store, age, 1)[0]


@pytest.mark.parametrize("days, outcome", [(40, "removed"), (20, None)])
def test_a_file_that_lost_its_metadata_is_as_old_as_record_and_bytes_say(store, original, days, outcome):
    ids = [recorded_file(store, days), original.upload(days)]
    for file_id in ids:
        (original.base / "metadata" / f"{file_id}.json").unlink()
    expected = dict.fromkeys(ids, outcome) if outcome else {}
    assert dict(cleanup(store, "--dry-run")[0]) == expected and all(map(original.has, ids))
    assert outcomes(store) == expected
    assert list(map(original.has, ids)) == [not outcome] * 2
    assert stored(store.project) == (set() if outcome else set(ids))
    assert store.run("audit", "reconcile").code == (0 if outcome else 7)


def change(store, file_id, assignment):
    store.project.sql(f"update public.{store.project.table} set {assignment} where file_id = '{file_id}'")


def outcomes(store, *words):
    return dict(cleanup(store, "--yes", *words)[0])


def test_what_the_table_says_of_files_that_the_catalogue_knows(store, original):
    old, new, deleted, unknown = (recorded_file(store, 40) for _ in range(4))
    change(store, new, "uploaded_at = now() - interval '1 day'")
    change(store, deleted, "deleted_at = now() - interval '1 day'")
    store.project.sql(f"delete from public.{store.project.table} where file_id = '{unknown}'")
    expected = {old: "removed", new: "kept", deleted: "kept", unknown: "removed"}
    assert dict(cleanup(store, "--dry-run")[0]) == expected
    assert outcomes(store) == expected
    assert original.has(new) and original.has(deleted) and not original.has(old)
    kept = [json.loads(line) for line in store.run("cleanup", "--json", "--yes").lines[:-1]]
    assert all(word in str(kept) for word in ("which is not old", "was deleted at"))


def test_a_file_of_the_system_before_that_the_table_says_to_be_deleted_is_kept(store, original):
    """Another machine may have it to be had back."""
    file_id = original.upload(40)
    change(store, file_id, "deleted_at = now() - interval '1 day'")
    assert outcomes(store) == {file_id: "kept"} and original.has(file_id)


def test_what_waits_to_be_told_is_by_the_catalogue(store, original):
    """The row says that it is deleted, and that it is not any more is still to be told."""
    file_id = recorded_file(store, 40)
    change(store, file_id, "deleted_at = now() - interval '1 day'")
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection, connection:
        connection.execute("update file_uploads set file_path = 'changed' where file_id = ?", (file_id,))
    assert cleanup(store, "--dry-run")[0] == [(file_id, "removed")]


def test_an_upload_that_waits_is_by_the_catalogue(store, original):
    """The table lacks its row, as nothing was ever told."""
    (file_id,), _ = store.upload("a.txt", words=["--flush", "0"], url=NOBODY_LISTENS)
    then = time.time() - 40 * DAY
    os.utime(store.tool.directory / "storage" / file_id, (then, then))
    assert outcomes(store) == {} and original.has(file_id)


def test_without_an_answer_of_the_project_nothing_is_removed(store, original):
    recorded, due = recorded_file(store, 40), recorded_file(store, 40)
    grace = ["--option", "soft_delete_grace=1s"]
    assert store.run("delete", due, *grace).code == 0
    time.sleep(1.1)
    outcome = store.run("cleanup", "--yes", "--flush", "0", *grace, url=NOBODY_LISTENS)
    assert outcome.code == 6 and b"nothing was removed" in outcome.err, outcome
    assert original.has(recorded) and original.has(due)


@pytest.mark.parametrize("command", [["cleanup", "--yes"], ["cleanup", "--dry-run"], ["audit", "reconcile"], ["audit", "reconcile", "--repair"]])
def test_a_key_that_is_shown_no_row(store, original, command):
    """Row-level security answers it as an empty table would."""
    known, unknown = recorded_file(store, 40), original.upload(40, record_age=1)
    refused = store.run(*command, "--flush", "0", key=store.project.anon_key)
    assert refused.code == 5 and b"42501" in refused.err and b"service key" in refused.err, refused
    assert original.has(known) and original.has(unknown)
    assert store.status()["pending"] == 0


def test_a_table_without_rows_is_no_hidden_one(store, original):
    file_id = original.upload(40)
    store.project.sql(f"delete from public.{store.project.table}")
    assert outcomes(store) == {file_id: "removed"}
    assert store.project.sql(f"select count(*) from public.{store.project.table}") == ["1"]


NO_TIMES = ["'0044-03-15 00:00:00+00 BC'", "null"]


@pytest.mark.parametrize("time_of_upload", NO_TIMES)
@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_row_without_a_time_of_its_upload_is_told_of_and_stops_no_other(store, original, time_of_upload, is_recorded):
    untimed, *old = recorded_files(store, 40, 3) if is_recorded else [original.upload(40) for _ in range(3)]
    store.project.sql(f"alter table public.{store.project.table} alter column uploaded_at drop not null")
    change(store, untimed, f"uploaded_at = {time_of_upload}")
    outcome = store.run("cleanup", "--json", "--yes")
    *files, report = map(json.loads, outcome.lines)
    untimed_one = "kept" if time_of_upload == "null" else "failed"
    assert {file["file_id"]: file["outcome"] for file in files} == {**dict.fromkeys(old, "removed"), untimed: untimed_one}, outcome
    (told,) = (file for file in files if file["file_id"] == untimed)
    assert untimed in str(told["reason"]), told
    assert report["removed"] == 2 and (outcome.code == 0) == (untimed_one == "kept"), outcome
    assert original.has(untimed) and not any(map(original.has, old))


def test_the_project_is_asked_of_many_files_at_a_time(store, gateway):
    """Each question waits until others have come, or some time has passed."""
    recorded_files(store, 40, 400)
    under_way, most, changed = 0, [], threading.Condition()

    def wait_for_others(request):
        nonlocal under_way
        if request.method != "GET" or "file_id=in." not in request.path:
            return
        with changed:
            under_way += 1
            most.append(under_way)
            changed.notify_all()
            changed.wait_for(lambda: max(most) >= 8, timeout=5)
            under_way -= 1

    gateway.before = wait_for_others
    found, _ = cleanup(store, "--dry-run", url=gateway.url)
    # Of 50 each, and all of them together.
    assert len(found) == 400 and len(most) == 8 and max(most) == 8
