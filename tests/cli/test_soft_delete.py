"""filestore with soft_delete_grace: what is deleted can be had back for a while, and its bytes go after that."""

import json
import time

import pytest
from command import assert_fails, assert_succeeds, uploaded
from stores import MISSING_ID, set_age

WEEK = ["--option", "soft_delete_grace=7d"]
SECOND = ["--option", "soft_delete_grace=1s"]


class Softly:
    """The command on a store, with soft delete."""

    def __init__(self, tool, store):
        self.tool, self.store = tool, store

    def run(self, *words, grace=WEEK, **options):
        return self.tool.run(*words, *grace, *self.store.options, environment=self.store.environment, **options)

    def lines(self, *words, **options):
        outcome = self.run(*words, "--json", **options)
        assert_succeeds(outcome)
        return [json.loads(line) for line in outcome.lines]

    def upload(self, body, name):
        return uploaded(self.run("upload", "-", "--name", name, stdin=body))

    def deleted(self):
        return {file["file_id"]: file for file in self.lines("list", "--deleted")}

    def wait_for_the_end_of(self, file_id):
        while file_id in self.deleted():
            time.sleep(0.1)


@pytest.fixture
def softly(tool, store):
    return Softly(tool, store)


@pytest.fixture
def softly_local(tool, local):
    return Softly(tool, local)


def test_a_deleted_file_is_gone_and_comes_back(softly):
    file_id, kept = softly.upload(b"hello", "a name.txt"), softly.upload(b"kept", "kept.txt")
    assert_succeeds(softly.run("delete", file_id))
    assert softly.store.stored() == {file_id: b"hello", kept: b"kept"}
    assert [file["file_id"] for file in softly.lines("list")] == [kept]
    assert softly.run("exists", file_id).code == 3
    for words in (["download", file_id, "-"], ["metadata", file_id], ["delete", file_id]):
        assert_fails(softly.run(*words), 3, file_id)
    (told,) = softly.deleted().values()
    assert (told["original_path"], told["size"]) == ("a name.txt", 5)
    assert told["deleted_at"] < told["until"]
    line = softly.run("list", "--deleted").lines[0]
    assert line.startswith(file_id) and line.endswith("'a name.txt'") and " 5 " in line

    assert_succeeds(softly.run("undelete", file_id))
    assert softly.run("download", file_id, "-").out == b"hello"
    assert softly.deleted() == {}
    assert dict((name, gone) for name, _, gone in softly.store.catalogue.events()) == {file_id: 0, kept: 0}
    softly.store.catalogue.assert_nothing_open()


def test_what_cannot_be_undeleted(softly):
    file_id = softly.upload(b"hello", "a.txt")
    assert softly.run("undelete", file_id).out.decode() == f"file {file_id} is not deleted\n"
    assert softly.lines("undelete", file_id) == [{"file_id": file_id, "restored": False}]
    assert_fails(softly.run("undelete", MISSING_ID), 3, MISSING_ID)
    assert_fails(softly.run("undelete", "x"), 2, "x")
    assert_fails(softly.run("undelete"), 2, "ID")
    assert_succeeds(softly.run("delete", file_id, grace=SECOND))
    softly.wait_for_the_end_of(file_id)
    assert_fails(softly.run("undelete", file_id), 3, "grace")
    assert softly.run("exists", file_id).code == 3


def test_a_cleanup_purges_after_the_grace(softly):
    due, later = softly.upload(b"due", "due.txt"), softly.upload(b"later", "later.txt")
    assert_succeeds(softly.run("delete", due, grace=SECOND))
    assert_succeeds(softly.run("delete", later))
    softly.wait_for_the_end_of(due)
    deleted_at = softly.store.catalogue.rows("SELECT file_id, deleted_at FROM file_uploads ORDER BY file_id")
    *files, report = softly.lines("cleanup", "--dry-run")
    assert [(file["file_id"], file["outcome"], file["size"]) for file in files] == [(due, "purged", 3)]
    assert (report["purged"], report["bytes_purged"], report["removed"]) == (1, 3, 0)
    assert set(softly.store.stored()) == {due, later}
    assert softly.lines("cleanup", "--yes") == [*files, {**report, "dry_run": False}]
    assert set(softly.store.stored()) == {later}
    assert softly.store.catalogue.rows("SELECT file_id, deleted_at FROM file_uploads ORDER BY file_id") == deleted_at
    softly.store.catalogue.assert_nothing_open()


def test_a_cleanup_deletes_softly(softly_local):
    old = softly_local.upload(b"hello", "old.txt")
    set_age(softly_local.store, old, 40)
    plan = softly_local.run("cleanup", "--dry-run")
    assert plan.lines[-1] == "1 files of 5 bytes would be removed; 0 already gone, 0 kept, 0 failed"
    assert_succeeds(softly_local.run("cleanup", "--yes"))
    assert list(softly_local.deleted()) == [old]
    assert softly_local.store.stored() == {old: b"hello"}
    # A process without the option leaves it alone.
    assert softly_local.lines("cleanup", "--yes", grace=[])[-1]["removed"] == 0
    assert_succeeds(softly_local.run("undelete", old, grace=[]))
    assert [file["file_id"] for file in softly_local.lines("list")] == [old]


def test_verify_and_reconcile_find_nothing_wrong(softly_local):
    file_id = softly_local.upload(b"hello", "a.txt")
    assert_succeeds(softly_local.run("delete", file_id))
    assert_succeeds(softly_local.run("verify"))
    assert softly_local.lines("audit", "reconcile")[-1]["files"] == 1
    assert [line for line in softly_local.lines("audit", "reconcile") if "drift" in line] == []


def test_list_shows_deleted_files_up_to_a_limit(softly_local):
    ids = sorted(softly_local.upload(b"x", f"{number}.txt") for number in range(5))
    assert_succeeds(softly_local.run("delete", *ids))
    assert list(softly_local.deleted()) == ids
    assert [file["file_id"] for file in softly_local.lines("list", "--deleted", "--limit", "3")] == ids[:3]
    assert_fails(softly_local.run("--deleted", "exists", ids[0]), 2, "--deleted")


@pytest.mark.parametrize("grace", ["", "0", "-1d", "1w", "36501d", "7 d"])
def test_a_grace_that_cannot_be(tool, local, grace):
    assert_fails(tool.run("list", "--option", f"soft_delete_grace={grace}", *local.options), 2, "soft_delete_grace")


def test_the_configuration_file_turns_it_on(tool, local):
    configuration = tool.directory / "storage.yaml"
    configuration.write_text(f"storage:\n  local:\n    base_path: {local.base}\n  soft_delete:\n    grace: 30d\n")
    file_id = uploaded(tool.run("upload", "-", "--config", configuration, stdin=b"x"))
    assert_succeeds(tool.run("delete", file_id, "--config", configuration))
    assert local.stored() == {file_id: b"x"}
    configuration.write_text(configuration.read_text() + "  catalogue:\n    path: 'off'\n")
    assert_fails(tool.run("list", "--config", configuration), 2, "catalogue")
