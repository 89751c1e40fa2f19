"""Soft delete with a project: its rows say what those of the catalogue say, whenever it is told."""

import contextlib
import json
import shutil
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


def is_there(store, file_id):
    return (store.tool.directory / "storage" / file_id).exists()


def clean(store, *words, code=0):
    outcome = store.run("cleanup", "--json", "--flush", "60", *(words or ["--yes"]))
    assert outcome.code == code, outcome
    *files, report = map(json.loads, outcome.lines)
    return {file["file_id"]: (file["outcome"], file.get("reason", "")) for file in files}, report


def restore_row(store, *ids):
    """As another machine does that reconciles with the same store, or that undeletes."""
    listed = ", ".join(f"'{file_id}'" for file_id in ids)
    store.project.sql(f"update public.{store.project.table} set deleted_at = null where file_id in ({listed})")


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
    store.project.sql(f"update public.{store.project.table} set deleted_at = date_trunc('hour', deleted_at) + interval '7 seconds'")
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


def test_an_older_catalogue_does_not_purge_a_file_that_was_undeleted(store):
    (file_id, gone), _ = store.upload("a.txt", "b.txt")
    run(store, "delete", file_id, gone, grace=["--option", "soft_delete_grace=6s"])
    home, backup = store.catalogue.parent, store.tool.directory / "backup"
    shutil.copytree(home, backup)
    run(store, "undelete", file_id)
    rows = store.project.rows()
    shutil.rmtree(home)
    shutil.copytree(backup, home)
    time.sleep(6.1)
    files, report = clean(store, "--dry-run")
    assert files[file_id][0] == "kept" and files[gone][0] == "purged" and store.marked() == {file_id, gone}
    files, report = clean(store)
    assert files[file_id][0] == "kept" and "as stored" in files[file_id][1] and (report["kept"], report["purged"], report["failed"]) == (1, 1, 0)
    assert is_there(store, file_id) and not is_there(store, gone) and store.marked() == set()
    assert store.project.rows() == rows == store.recorded()
    assert clean(store)[0] == {} and store.run("audit", "reconcile").code == 0


def test_what_another_catalogue_has_restored_is_not_purged(store):
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id, grace=["--option", "soft_delete_grace=4s"])
    others = ["--option", f"catalogue_path={store.tool.directory / 'other.sqlite'}"]
    run(store, "audit", "reconcile", "--repair", grace=others)
    assert deleted(store) == []
    time.sleep(4.1)
    files, _ = clean(store)
    assert files[file_id][0] == "kept" and is_there(store, file_id)
    assert store.project.rows() == store.recorded() and store.marked() == set()


@pytest.mark.parametrize("grace", [GRACE, SHORT_GRACE])
def test_reconcile_gives_back_what_the_project_has_as_stored(store, grace):
    (file_id, other), _ = store.upload("a.txt", "b.txt")
    run(store, "delete", file_id, other, grace=grace)
    restore_row(store, file_id)
    outcome = store.run("audit", "reconcile", "--json")
    finding, report = map(json.loads, outcome.lines)
    assert outcome.code == 7 and (finding["file_id"], finding["drift"]) == (file_id, "marked_deleted")
    run(store, "audit", "reconcile", "--repair", grace=[])
    assert deleted(store) == [other] and store.marked() == {other}
    assert store.project.rows() == store.recorded()
    assert store.run("audit", "reconcile").code == 0


def test_a_deletion_that_is_still_to_be_told_is_purged(store):
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id, grace=SHORT_GRACE, **LATER)
    time.sleep(1.1)
    assert clean(store, "--yes", "--flush", "0")[0][file_id][0] == "purged" and not is_there(store, file_id)
    assert_told(store)
    assert deleted(store) == [file_id]


def test_a_deletion_that_is_parked_frees_no_bytes(store):
    (file_id, other), _ = store.upload("a.txt", "b.txt")
    store.project.sql(f"alter table public.{store.project.table} add constraint no_deletion check (deleted_at is null or file_id = '{other}')")
    assert store.run("delete", file_id, other, "--flush", "0", *SHORT_GRACE, **LATER).code == 0
    store.flush()
    assert store.status()["parked"] == 1
    time.sleep(1.1)
    files, report = clean(store)
    assert files[file_id][0] == "kept" and "parked" in files[file_id][1] and report["failed"] == 0
    assert files[other][0] == "purged" and is_there(store, file_id) and store.marked() == {file_id}
    store.project.sql(f"alter table public.{store.project.table} drop constraint no_deletion")
    run(store, "audit", "retry", grace=[])
    assert_told(store)
    assert clean(store)[0][file_id][0] == "purged" and not is_there(store, file_id)


def test_bytes_that_are_gone_are_not_given_back(store):
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id, grace=SHORT_GRACE)
    restore_row(store, file_id)
    storage = store.tool.directory / "storage"
    (storage / file_id).unlink()
    (storage / "metadata" / f"{file_id}.json").unlink()
    time.sleep(1.1)
    clean(store)
    assert store.marked() == set()
    run(store, "audit", "reconcile", "--repair", grace=[])
    assert deleted(store) == [file_id] and store.project.rows() == store.recorded()


def test_a_file_without_a_row_is_purged_by_the_catalogue(store):
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id, grace=SHORT_GRACE)
    store.project.sql(f"delete from public.{store.project.table}")
    time.sleep(1.1)
    assert clean(store)[0][file_id][0] == "purged" and not is_there(store, file_id)


def test_without_an_answer_nothing_is_purged(store):
    (file_id,), _ = store.upload("a.txt")
    run(store, "delete", file_id, grace=SHORT_GRACE)
    time.sleep(1.1)
    assert store.run("cleanup", "--yes", "--flush", "0", url=NOBODY_LISTENS).code == 6
    assert store.run("cleanup", "--yes", "--flush", "0", key=store.project.anon_key).code == 5
    assert is_there(store, file_id) and store.marked() == {file_id}


def test_many_that_were_restored(store):
    """More than the server gives at a time."""
    ids, _ = store.upload(*(f"{number}.txt" for number in range(1100)))
    run(store, "delete", *ids, grace=SHORT_GRACE)
    restore_row(store, *ids[:600])
    time.sleep(1.1)
    _, report = clean(store)
    assert (report["kept"], report["purged"]) == (600, 500) and store.marked() == set()
    assert store.project.rows() == store.recorded() and all(map(is_there, [store] * 600, ids[:600]))


def test_a_catalogue_that_is_put_back_is_repaired_by_store_and_project(store):
    """As the README says."""
    (undeleted, still_deleted, gone), _ = store.upload("a.txt", "b.txt", "c.txt")
    run(store, "delete", undeleted, still_deleted, **LATER)
    home, backup = store.catalogue.parent, store.tool.directory / "backup"
    shutil.copytree(home, backup)
    run(store, "undelete", undeleted)
    run(store, "delete", gone, grace=[])
    (later,), _ = store.upload("d.txt")
    assert sorted(deleted(store)) == sorted([still_deleted, gone])
    shutil.rmtree(home)
    shutil.copytree(backup, home)

    assert store.tool.run("audit", "forget").code == 0
    run(store, "audit", "reconcile", "--repair", grace=[])
    store.flush()
    # What the project has as deleted and is gone gets the time of the repair in the catalogue.
    assert [bool(line.split(",")[2]) for line in store.recorded()] == [bool(line.split(",")[2]) for line in store.project.rows()]
    assert sorted(deleted(store)) == sorted([still_deleted, gone]) and store.marked() == {still_deleted}
    assert all(is_there(store, file_id) for file_id in (undeleted, still_deleted, later))
    assert store.run("audit", "reconcile").code == 0
