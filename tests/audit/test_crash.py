"""The command is killed at each of its system calls between the bytes and the row of the project, and the next one tells the project what there is, once."""

import contextlib
import io
import json
import pathlib
import signal
import sqlite3

import pytest
from original_system import OriginalStorage
from store import Store
from sweep import Sweep
from tampering import Tamper

SECONDS_FOR_AN_OPERATION = 15


@pytest.fixture
def told_store(tool, project):
    made = Store(tool, project)
    made.upload("kept.txt")
    return made


def upload(store):
    (store.tool.directory / "new.txt").write_text("new")
    return ["upload", "new.txt"]


def delete(store):
    (file_id,), _ = store.upload("old.txt")
    return ["delete", file_id]


def delete_what_is_pending(store):
    (file_id,), _ = store.upload("old.txt", words=["--flush", "0"])
    return ["delete", file_id]


GRACE = ["--option", "soft_delete_grace=7d"]


def delete_softly(store):
    (file_id,), _ = store.upload("old.txt")
    return ["delete", file_id, *GRACE]


def undelete(store, *words):
    (file_id,), _ = store.upload("old.txt")
    assert store.run("delete", file_id, *GRACE, *words).code == 0
    return ["undelete", file_id, *GRACE]


def undelete_what_is_pending(store):
    return undelete(store, "--flush", "0")


def purge(store):
    """A file that was deleted softly, and whose grace is over."""
    words = undelete(store)
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection, connection:
        connection.execute("update soft_deleted set until = '2020-01-01T00:00:00.000000Z', checksum = -1 where file_id = ?", (words[1],))
    return ["cleanup", "--yes", *GRACE]


OPERATIONS = [upload, delete, delete_what_is_pending, delete_softly, undelete, undelete_what_is_pending, purge]


def make_drift(store):
    """A file without a record, a record without a file, and a file that the project has as deleted."""
    base = store.tool.directory / "storage"
    OriginalStorage(base).upload("old.txt", io.BytesIO(b"old"))
    (lost, marked), _ = store.upload("lost.txt", "marked.txt")
    (base / lost).unlink()
    (base / "metadata" / f"{lost}.json").unlink()
    store.project.sql(f"update public.{store.project.table} set deleted_at = now() where file_id = '{marked}'")


def reconcile(store):
    """What a killed run has begun is settled behind the first call of the next, which leaves it out."""
    report = {"left_out": 1}
    while report["left_out"] > 0:
        outcome = store.run("audit", "reconcile", "--repair", "--json", "--flush", "60")
        assert outcome.code == 0, outcome
        report = json.loads(outcome.lines[-1])


def run_spoilt(store, tamper, words, action):
    options = ["--option", f"audit_table={store.project.table}", "--flush", "60"]
    return tamper.run(*words, *options, counted="all", action=action, environment=store.environment())


def assert_all_tell_the_same(store):
    """Stored files, catalogue and project; each file of the project is one row by its key. Files that can be had back are there, and deleted."""
    files = {path.name for path in (store.tool.directory / "storage").iterdir() if path.is_file()}
    recorded = store.recorded()
    stored = {line.split(",")[0] for line in recorded if not line.split(",")[2]}
    marked = store.marked()
    assert not marked & stored and marked | stored == files
    assert store.project.rows() == recorded
    assert store.status()["pending"] == 0 and store.status()["parked"] == 0


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_a_kill_at_each_call_until_the_row_is_delivered(told_store, operation):
    store = told_store
    tamper = Tamper(store.tool, pathlib.Path(store.tool.directory) / "storage")
    outcome, calls = run_spoilt(store, tamper, operation(store), ("list",))
    assert outcome.code == 0 and len(calls) > 100, outcome
    with Sweep(f"kill at each call of {operation.__name__} with a project", SECONDS_FOR_AN_OPERATION) as sweep:
        for point in sweep.of(call.number for call in calls):
            outcome, struck = run_spoilt(store, tamper, operation(store), ("kill", point))
            # Threads do not make their calls in the same order each time, so that there may be no such call.
            assert outcome.code == (-signal.SIGKILL if struck else 0), outcome
            with sweep.at(struck):
                store.upload("next.txt")
                store.flush()
                assert_all_tell_the_same(store)


def test_a_kill_at_each_call_of_a_reconciliation(told_store):
    store = told_store
    repair = ["audit", "reconcile", "--repair"]
    tamper = Tamper(store.tool, pathlib.Path(store.tool.directory) / "storage")
    make_drift(store)
    outcome, calls = run_spoilt(store, tamper, repair, ("list",))
    assert outcome.code == 0 and len(calls) > 100, outcome
    with Sweep("kill at each call of a reconciliation", SECONDS_FOR_AN_OPERATION) as sweep:
        for point in sweep.of(call.number for call in calls):
            make_drift(store)
            outcome, struck = run_spoilt(store, tamper, repair, ("kill", point))
            assert outcome.code == (-signal.SIGKILL if struck else 0), outcome
            with sweep.at(struck):
                reconcile(store)
                store.flush()
                assert_all_tell_the_same(store)
