"""Two processes that clean up one store by what a project tells of it, each with a catalogue of its own, as on two machines."""

import contextlib
import json
import sqlite3
import subprocess

import pytest
from store import Store
from test_old_files import NOTHING, Original, cleanup, recorded_files

OLD, YOUNG = 100, 10


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


def catalogue_of(store, name):
    return ["--option", f"catalogue_path={store.tool.directory / name}.sqlite"]


def clean_at_once(store, *options):
    """The files that each process tells of with what it says of them, and its report."""
    words = ["cleanup", "--yes", "--json", "--days", "30", "--flush", "60", "--option", f"audit_table={store.project.table}"]
    processes = [store.tool.start(*words, *own, environment=store.environment(), stdout=subprocess.PIPE) for own in options]
    told = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, b"")
        *files, report = map(json.loads, out.decode().splitlines())
        told.append((files, report))
    return told


def test_each_old_file_goes_once_and_nothing_else_does(store):
    original = Original(store)
    old = {original.upload(age=40) for _ in range(OLD)}
    young = {original.upload(age=1) for _ in range(YOUNG)}
    before = dict(line.split(",")[:2] for line in store.project.rows())
    told = clean_at_once(store, catalogue_of(store, "one"), catalogue_of(store, "two"))

    removed = [file["file_id"] for files, _ in told for file in files if file["outcome"] == "removed"]
    assert sorted(removed) == sorted(old)
    assert sum(report["removed"] for _, report in told) == OLD
    assert sum(report["failed"] + report["kept"] for _, report in told) == 0
    assert {path.name for path in original.base.iterdir() if path.is_file()} == young
    rows = [line.split(",") for line in store.project.rows()]
    assert {row[0] for row in rows if row[2]} == old
    assert {row[0]: row[1] for row in rows} == before
    for name in ("one", "two"):
        outcome = store.run("audit", "status", "--json", *catalogue_of(store, name))
        status = json.loads(outcome.out)
        assert (status["pending"], status["parked"]) == (0, 0)


def test_what_the_other_catalogue_has_cleaned_up_is_recorded_as_deleted(store):
    """That nothing is left is no sign of another store: the table says why."""
    ids = recorded_files(store, 40, 25)
    removed, report = cleanup(store, "--yes", "--flush", "60", *catalogue_of(store, "two"))
    assert removed == sorted((file_id, "removed") for file_id in ids) and report["removed"] == 25
    before = sorted(store.project.rows())
    assert cleanup(store, "--dry-run") == (sorted((file_id, "already_gone") for file_id in ids), {**NOTHING, "already_gone": 25})
    assert cleanup(store, "--yes", "--flush", "60") == (sorted((file_id, "already_gone") for file_id in ids), {**NOTHING, "already_gone": 25})
    assert {line.split(",")[0] for line in store.recorded() if line.split(",")[2]} == set(ids)
    assert sorted(store.project.rows()) == before
    assert cleanup(store, "--yes") == ([], NOTHING) and store.status()["pending"] == 0


@pytest.mark.parametrize("left, waiting, code", [(19, 0, 0), (20, 0, 1), (19, 1, 1)])
def test_what_the_table_does_not_say_to_be_deleted_is_not_recorded_as_gone(store, left, waiting, code):
    ids = recorded_files(store, 40, left + 5)
    listed = ", ".join(f"'{file_id}'" for file_id in ids[left:])
    store.project.sql(f"update public.{store.project.table} set deleted_at = now() where file_id in ({listed})")
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection, connection:
        for file_id in ids[left : left + waiting]:
            connection.execute("update file_uploads set file_path = 'changed' where file_id = ?", (file_id,))
    for file_id in ids:
        (store.tool.directory / "storage" / file_id).unlink()
        (store.tool.directory / "storage" / "metadata" / f"{file_id}.json").unlink()
    outcome = store.run("cleanup", "--yes", "--flush", "0")
    assert outcome.code == code and (b"--accept-missing" in outcome.err) == (code == 1), outcome
    recorded = [bool(line.split(",")[2]) for line in store.recorded()]
    assert recorded == [code == 0] * len(ids)
