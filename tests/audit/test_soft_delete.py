"""Soft delete with a project: its rows say what those of the catalogue say, whenever it is told."""

import time

import pytest
from store import NOBODY_LISTENS, Store

GRACE = ["--option", "soft_delete_grace=7d"]
SHORT_GRACE = ["--option", "soft_delete_grace=1s"]
# Nobody listens: what is recorded is told later.
LATER = {"url": NOBODY_LISTENS}


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


def run(store, *words, grace=GRACE, **options):
    wait = ["--flush", "0"] if "url" in options else ["--flush", "60"]
    outcome = store.run(*words, *wait, *grace, **options)
    assert outcome.code == 0, outcome


def deleted(store):
    return [line.split(",")[0] for line in store.project.rows() if line.split(",")[2]]


def assert_told(store):
    store.flush()
    assert store.project.rows() == store.recorded()
    assert store.status()["parked"] == 0


def test_a_deletion_that_was_told_is_taken_back(store):
    (file_id, other), _ = store.upload("a.txt", "b.txt")
    run(store, "delete", file_id, other)
    assert sorted(deleted(store)) == sorted([file_id, other])
    run(store, "undelete", file_id)
    assert deleted(store) == [other]
    assert_told(store)
    run(store, "delete", file_id)
    assert sorted(deleted(store)) == sorted([file_id, other])
    assert_told(store)


def test_a_deletion_that_was_not_told_leaves_nothing(store):
    (file_id,), _ = store.upload("a.txt")
    delivered = store.status()["delivered"]
    run(store, "delete", file_id, **LATER)
    run(store, "undelete", file_id, **LATER)
    assert store.status()["pending"] == 1
    assert_told(store)
    assert deleted(store) == []
    assert store.status()["delivered"] == delivered + 1


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_an_outage_in_between(store, rounds):
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id)
    for _ in range(rounds):
        run(store, "undelete", file_id, **LATER)
        run(store, "delete", file_id, **LATER)
    assert deleted(store) == [file_id] and store.project.rows() != store.recorded()
    assert store.status()["pending"] == 1
    assert_told(store)
    assert deleted(store) == [file_id]
    run(store, "undelete", file_id, **LATER)
    assert_told(store)
    assert deleted(store) == []


@pytest.mark.parametrize("is_lost_too", [False, True])
def test_a_deletion_whose_answer_was_lost_is_taken_back(store, gateway, is_lost_too):
    """The project has it, and the outbox cannot know."""
    (file_id, other), _ = store.upload("a.txt", "b.txt")
    gateway.lose("PATCH", 1000, "after")
    outcome = store.run("delete", file_id, other, "--flush", "1", *GRACE, url=gateway.url)
    assert outcome.code == 0 and b"stays in the outbox" in outcome.err, outcome
    assert file_id in deleted(store) and store.status()["pending"] == 2
    run(store, "undelete", file_id, **LATER)
    if is_lost_too:
        # The answers to what takes it back are lost for a while as well.
        gateway.lose("PATCH", 3, "after")
        store.flush(url=gateway.url)
    assert_told(store)
    assert deleted(store) == [other]
    run(store, "delete", file_id)
    assert_told(store)
    assert sorted(deleted(store)) == sorted([file_id, other])


def test_an_upload_that_was_not_told_either(store):
    (file_id,), _ = store.upload("a.txt", url=NOBODY_LISTENS, words=["--flush", "0"])
    run(store, "delete", file_id, **LATER)
    run(store, "undelete", file_id, **LATER)
    assert store.project.rows() == []
    assert_told(store)
    assert store.project.rows() == store.recorded() and deleted(store) == []


def test_who_deleted_the_file_before_keeps_his_deletion(store):
    (file_id,), _ = store.upload("a.txt")
    store.project.sql(f"update public.{store.project.table} set deleted_at = '2030-01-01T00:00:00Z' where file_id = '{file_id}'")
    run(store, "delete", file_id)
    run(store, "undelete", file_id)
    (line,) = store.project.rows()
    assert line.endswith("2030-01-01T00:00:00.000000Z")


def test_a_deletion_that_is_only_claimed_is_taken_back(store):
    """As a sender that was killed leaves it: see row_teller.h."""
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id)
    store.project.sql(f"update public.{store.project.table} set deleted_at = date_trunc('hour', deleted_at)")
    run(store, "undelete", file_id)
    assert_told(store)
    assert deleted(store) == []


def test_many_at_once(store):
    ids, _ = store.upload(*(f"{number}.txt" for number in range(120)))
    run(store, "delete", *ids)
    assert len(deleted(store)) == 120
    run(store, "undelete", *ids[:100], **LATER)
    run(store, "delete", *ids[:30], **LATER)
    assert_told(store)
    assert sorted(deleted(store)) == sorted(ids[:30] + ids[100:])


def test_a_purge_is_no_second_deletion(store):
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id, grace=SHORT_GRACE)
    rows, delivered = store.project.rows(), store.status()["delivered"]
    time.sleep(1.1)
    run(store, "cleanup", "--yes")
    assert not (store.tool.directory / "storage" / file_id).exists()
    assert store.project.rows() == rows == store.recorded()
    assert store.status()["delivered"] == delivered and store.status()["pending"] == 0


def test_reconcile_agrees_with_deleted_files(store):
    (file_id, back), _ = store.upload("a.txt", "b.txt")
    run(store, "delete", file_id, back)
    run(store, "undelete", back)
    for words in ([], ["--repair"]):
        outcome = store.run("audit", "reconcile", *words)
        assert outcome.code == 0 and outcome.err == b"", outcome
    assert store.project.rows() == store.recorded() and deleted(store) == [file_id]
