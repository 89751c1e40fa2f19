"""Two processes that clean up one store by what a project tells of it, each with a catalogue of its own, as on two machines."""

import json
import subprocess

import pytest
from store import Store
from test_old_files import Original

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
