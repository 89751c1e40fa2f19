"""A damaged catalogue: what can be read of it is kept, and what it had still to tell is told, once."""

import contextlib
import json
import sqlite3

import pytest

from store import NOBODY_LISTENS, Store

PAGE = 4096


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


def page_of(store, name):
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        ((page,),) = connection.execute("select rootpage from sqlite_schema where name = ?", (name,)) if name else ((1,),)
    return page


def damage(store, name):
    """The page where a table or an index begins; without a name the first one, which says where those are."""
    page = page_of(store, name)
    with store.catalogue.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xa7" * PAGE)


def salvage(store):
    outcome = store.run("audit", "salvage", "--json")
    *unreadable, report = map(json.loads, outcome.lines)
    assert report["was_damaged"], outcome
    return outcome.code, unreadable, report


def settle(store):
    """As the messages say."""
    store.run("audit", "retry", "--flush", "30")
    store.run("audit", "reconcile", "--repair", "--flush", "30")
    store.flush()


@pytest.mark.parametrize("name", ["outbox", "sqlite_autoindex_outbox_1", "file_uploads", "intents", ""])
def test_what_was_still_to_be_told_is_told_once(store, name):
    told, _ = store.upload(*(f"told-{number}.txt" for number in range(20)))
    kept, _ = store.upload(*(f"new-{number}.txt" for number in range(30)), url=NOBODY_LISTENS, words=["--flush", "0"])
    assert store.run("delete", *told[:5], "--flush", "0", url=NOBODY_LISTENS).code == 0
    damage(store, name)
    damaged_bytes = store.catalogue.read_bytes()
    code, unreadable, report = salvage(store)
    # The notes of the 35 files are named by their index, or are whole.
    outbox = report["outbox"]
    assert not outbox["has_gap"] and outbox["salvaged"] + outbox["unreadable"] == 35, report
    assert code == (7 if name in ("outbox", "file_uploads") else 0), report
    assert sum(part["unreadable"] for part in report.values() if isinstance(part, dict)) == len(unreadable)
    with open(report["set_aside"] + "/damaged.sqlite", "rb") as kept_aside:
        assert kept_aside.read() == damaged_bytes
    settle(store)
    live = set(told[5:]) | set(kept)
    rows = [row.split(",") for row in store.project.rows()]
    assert sorted(row[0] for row in rows) == sorted([*told, *kept])
    assert {row[0] for row in rows if not row[2]} == live
    assert store.status()["pending"] == 0 and store.status()["parked"] == 0
    assert store.run("audit", "reconcile").code == 0


def test_files_that_can_be_had_back_still_can(store):
    grace = ["--option", "soft_delete_grace=30d"]
    ids, _ = store.upload("a.txt", "b.txt", "c.txt")
    assert store.run("delete", *ids[:2], *grace).code == 0
    damage(store, "soft_deleted")
    code, unreadable, report = salvage(store)
    assert code == 7 and sorted(row["file_id"] for row in unreadable) == sorted(ids[:2]), report
    settle(store)
    assert store.marked() == set(ids[:2])
    cleaned = store.run("cleanup", "--days", "1", "--yes", *grace)
    assert cleaned.code in (0, 7), cleaned
    assert store.run("undelete", ids[0], *grace).code == 0
    assert store.run("download", ids[0], "-o", "back.txt").code == 0


def test_a_catalogue_of_which_nothing_can_be_read_is_made_anew(store):
    ids, _ = store.upload("a.txt", "b.txt")
    rows = store.project.rows()
    store.catalogue.write_bytes(b"damaged" * 1000)
    damaged = store.run("delete", ids[0])
    assert damaged.code == 7 and b"`filestore audit salvage`" in damaged.err, damaged
    code, unreadable, report = salvage(store)
    assert code == 7 and report["outbox"]["has_gap"] and not unreadable
    settle(store)
    assert store.project.rows() == rows
    assert store.run("delete", ids[0]).code == 0


def test_a_catalogue_that_is_whole_stays_as_it_is(store):
    store.upload("a.txt")
    before = store.catalogue.read_bytes()
    outcome = store.run("audit", "salvage")
    assert outcome.code == 0 and outcome.out == b"the catalogue is not damaged\n", outcome
    assert store.catalogue.read_bytes() == before
    assert store.run("audit", "salvage", "x").code == 2


@pytest.mark.parametrize("name", ["file_uploads", "sqlite_autoindex_file_uploads_1", "sqlite_autoindex_outbox_1", "totals"])
def test_a_flush_ends_where_what_it_needs_is_damaged(store, name):
    store.upload(*(f"told-{number}.txt" for number in range(20)))
    store.upload(*(f"new-{number}.txt" for number in range(30)), url=NOBODY_LISTENS, words=["--flush", "0"])
    damage(store, name)
    outcome = store.run("audit", "flush", ends_within=60)
    assert outcome.code in (0, 7), outcome
    assert outcome.code == 0 or b"audit salvage" in outcome.err, outcome
