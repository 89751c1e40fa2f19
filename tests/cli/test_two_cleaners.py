"""Two processes that clean up one store at once: each old file goes once, and nothing else does."""

import contextlib
import json
import os
import sqlite3
import subprocess
import time
import uuid

import pytest
from original_system import OriginalStorage
from stores import DAY, Catalogue, LocalStore

OLD, YOUNG = 600, 60
LONG_AGO = time.time() - 40 * DAY


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


def put(store, count, age):
    """Files of the system before, which no catalogue knows."""
    original = OriginalStorage(store.base)
    ids = []
    for _ in range(count):
        with open(__file__, "rb") as body:
            ids.append(original.upload("a.py", body, {}))
        os.utime(store.base / ids[-1], (age, age))
    return set(ids)


def record(path, ids, age):
    """In a catalogue that is there."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(age))
    rows = [(file_id, "a.py", "{}", stamp) for file_id in ids]
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO file_uploads (file_id, file_path, metadata, uploaded_at) VALUES (?, ?, ?, ?)", rows)


def clean_at_once(tool, *options):
    """What each of two processes told of the files, and its report."""
    words = ["cleanup", "--yes", "--json", "--days", "30"]
    processes = [tool.start(*words, *own, stdout=subprocess.PIPE) for own in options]
    told = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, b"")
        *files, report = map(json.loads, out.decode().splitlines())
        told.append(([(file["file_id"], file["outcome"]) for file in files], report))
    return told


def removed(told):
    """The files that the processes say to have removed, each as often as it is said."""
    return sorted(file_id for files, _ in told for file_id, outcome in files if outcome == "removed")


def new_catalogue(tool, store, path):
    options = [*store.options, "--option", f"catalogue_path={path}"]
    outcome = tool.run("delete", str(uuid.uuid4()), *options)
    assert outcome.code == 3, outcome
    return options


@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "unrecorded"])
@pytest.mark.parametrize("grace", [[], ["--option", "soft_delete_grace=7d"]], ids=["at once", "softly"])
def test_with_one_catalogue(tool, store, is_recorded, grace):
    old, young = put(store, OLD, LONG_AGO), put(store, YOUNG, time.time())
    options = new_catalogue(tool, store, store.catalogue.path)
    if is_recorded:
        record(store.catalogue.path, old, LONG_AGO)
        record(store.catalogue.path, young, time.time())
    told = clean_at_once(tool, options + grace, options + grace)

    assert removed(told) == sorted(old)
    assert sum(report["removed"] for _, report in told) == OLD
    # The other process may have removed a file between a look at the record and one at the store.
    assert sum(report["failed"] + report["kept"] for _, report in told) == 0
    assert {file_id for file_id, _, gone in store.catalogue.events() if gone} == old
    store.catalogue.assert_nothing_open()
    assert set(store.stored()) == (old | young if grace else young)
    if grace:
        assert {file_id for (file_id,) in store.catalogue.rows("SELECT file_id FROM soft_deleted")} == old


def test_with_catalogues_of_their_own(tool, store):
    """Neither knows what the other does, so that both may tell of a file; the store decides who removed it."""
    old, young = put(store, OLD, LONG_AGO), put(store, YOUNG, time.time())
    options = [new_catalogue(tool, store, tool.directory / f"{name}.sqlite") for name in ("one", "two")]
    told = clean_at_once(tool, *options)

    assert removed(told) == sorted(old)
    assert sum(report["removed"] for _, report in told) == OLD
    assert sum(report["failed"] + report["kept"] for _, report in told) == 0
    assert set(store.stored()) == young
    for (files, report), name in zip(told, ("one", "two")):
        catalogue = Catalogue(tool.directory / f"{name}.sqlite")
        recorded = {file_id for file_id, _, gone in catalogue.events() if gone}
        assert recorded == {file_id for file_id, _ in files}
        assert len(files) == report["removed"] + report["already_gone"]
        assert [row for row in catalogue.events() if not row[2]] == []
        catalogue.assert_nothing_open()


def test_with_catalogues_of_their_own_that_know_the_files(tool, store):
    old, young = put(store, OLD, LONG_AGO), put(store, YOUNG, time.time())
    paths = [tool.directory / f"{name}.sqlite" for name in ("one", "two")]
    options = [new_catalogue(tool, store, path) for path in paths]
    for path in paths:
        record(path, old, LONG_AGO)
        record(path, young, time.time())
    told = clean_at_once(tool, *options)

    assert removed(told) == sorted(old)
    for (files, report), path in zip(told, paths):
        # What the other removed is recorded here, too.
        assert report["removed"] + report["already_gone"] == OLD and len(files) == OLD
        assert {file_id for file_id, _, gone in Catalogue(path).events() if gone} == old
        Catalogue(path).assert_nothing_open()
    assert set(store.stored()) == young


def test_they_purge_each_file_once(tool, store):
    old = put(store, OLD, LONG_AGO)
    options = new_catalogue(tool, store, store.catalogue.path)
    softly = [*options, "--option", "soft_delete_grace=1s"]
    outcome = tool.run("cleanup", "--yes", "--days", "30", *softly)
    assert outcome.code == 0, outcome
    while tool.run("list", "--deleted", *options).out:
        time.sleep(0.1)
    told = clean_at_once(tool, options, options)

    assert sorted(file_id for files, _ in told for file_id, outcome in files if outcome == "purged") == sorted(old)
    assert sum(report["purged"] for _, report in told) == OLD
    assert sum(report["failed"] + report["removed"] for _, report in told) == 0
    assert store.stored() == {}
    store.catalogue.assert_nothing_open()
    assert store.catalogue.rows("SELECT * FROM soft_deleted") == []
