"""filestore cleanup deletes what is old, after it was asked to."""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import time

import pytest
from command import assert_fails, assert_succeeds, uploaded
from original_system import OriginalStorage
from stores import DAY, MISSING_ID, set_age
from waiting import wait_until


@pytest.fixture
def old_and_young(tool, local):
    old = uploaded(tool.run("upload", "-", "--name", "old.txt", *local.options, stdin=b"hello"))
    young = uploaded(tool.run("upload", "-", *local.options, stdin=b"new"))
    set_age(local, old, 40)
    return old, young


def cleanup(tool, store, *arguments):
    """The exit code, what was told of each file, and the report."""
    outcome = tool.run("cleanup", "--json", *arguments, *store.options, environment=store.environment)
    assert outcome.err == b"", outcome
    *files, report = map(json.loads, outcome.lines)
    return outcome.code, files, report


def test_plan_and_run(tool, local, old_and_young):
    old, young = old_and_young
    code, planned, report = cleanup(tool, local, "--dry-run")
    assert code == 0
    assert [(file["file_id"], file["outcome"], file["original_path"], file["size"]) for file in planned] == [
        (old, "removed", "old.txt", 5)
    ]
    numbers = {"removed": 1, "bytes": 5, "bytes_in_versions": 0, "already_gone": 0, "kept": 0, "failed": 0, "stale_uploads": 0, "purged": 0, "bytes_purged": 0}
    assert report == {"dry_run": True, **numbers}
    assert set(local.stored()) == {old, young}

    assert cleanup(tool, local, "--yes") == (0, planned, {"dry_run": False, **numbers})
    assert set(local.stored()) == {young}
    assert dict((file_id, gone) for file_id, _, gone in local.catalogue.events()) == {old: 1, young: 0}
    local.catalogue.assert_nothing_open()
    assert cleanup(tool, local, "--yes")[1] == []


def test_text(tool, local, old_and_young):
    old, _ = old_and_young
    plan = tool.run("cleanup", "--dry-run", *local.options)
    assert_succeeds(plan)
    assert plan.lines[0].startswith(f"would remove {old} 5 20") and plan.lines[0].endswith(" 'old.txt'")
    assert plan.lines[1] == "1 files of 5 bytes would be removed; 0 already gone, 0 kept, 0 failed"
    done = tool.run("cleanup", "--yes", *local.options)
    assert_succeeds(done)
    assert done.lines[0].startswith(f"removed {old}")
    assert done.lines[1] == "1 files of 5 bytes removed; 0 already gone, 0 kept, 0 failed"


def test_a_file_that_changes_before_its_removal_stays(tool, local, old_and_young):
    old, _ = old_and_young
    also_old = uploaded(tool.run("upload", "-", *local.options, stdin=b"hello"))
    set_age(local, also_old, 40)
    with (local.base / ".filestore" / "lock").open("r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        process = tool.start("cleanup", "--yes", "--json", *local.options, stdout=subprocess.PIPE)
        # The files have been looked at once their removal is under way.
        wait_until(lambda: len(local.catalogue.rows("SELECT * FROM intents")) == 2, process)
        local.data(old).write_bytes(b"another one")
        local.sidecar(old).write_text(json.dumps({"file_id": old, "original_path": "new.txt", "size": 11}))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    *files, report = map(json.loads, out.decode().splitlines())
    told = {file["file_id"]: file for file in files}
    assert told[also_old]["outcome"] == "removed"
    assert told[old]["outcome"] == "kept" and "stored anew" in told[old]["reason"]
    assert (report["removed"], report["kept"], report["failed"]) == (1, 1, 0)
    assert local.data(old).read_bytes() == b"another one"
    assert {file_id: gone for file_id, _, gone in local.catalogue.events()}[old] == 0
    local.catalogue.assert_nothing_open()


def test_older_versions_are_counted_where_that_is_asked_for(tool, local, old_and_young):
    assert "kept_versions" not in cleanup(tool, local, "--dry-run")[2]
    report = cleanup(tool, local, "--dry-run", "--count-versions")[2]
    assert report["kept_versions"] == {"versions": 0, "bytes": 0, "orphan_markers": 0}
    plan = tool.run("cleanup", "--dry-run", "--count-versions", *local.options)
    assert plan.lines[-1].endswith("; the store has 0 older versions of 0 bytes, and 0 markers of files of which nothing is left")


def test_days(tool, local, old_and_young):
    old, young = old_and_young
    assert cleanup(tool, local, "--dry-run", "--days", "41")[2]["removed"] == 0
    assert cleanup(tool, local, "--dry-run", "--days", "39")[2]["removed"] == 1
    configuration = tool.directory / "storage.yaml"
    configuration.write_text(f"storage:\n  local:\n    base_path: {local.base}\n  cleanup:\n    retention_days: 50\n")
    outcome = tool.run("cleanup", "--dry-run", "--json", "--config", configuration)
    assert json.loads(outcome.lines[-1])["removed"] == 0
    assert json.loads(tool.run("--days", "20", "cleanup", "--yes", "--json", "--config", configuration).lines[-1])["removed"] == 1
    assert set(local.stored()) == {young}


@pytest.mark.parametrize("days", ["0", "-1", "36501", "99999999999", "x", "1.5"])
def test_days_that_cannot_be(tool, local, old_and_young, days):
    outcome = tool.run("cleanup", "--yes", f"--days={days}", *local.options)
    assert_fails(outcome, 2, "--days")
    assert len(local.stored()) == 2


def test_it_is_not_enough_to_say_cleanup(tool, local, old_and_young):
    assert_fails(tool.run("cleanup", *local.options), 2, "--yes", "--dry-run")
    assert_fails(tool.run("cleanup", "--yes", "--dry-run", *local.options), 2, "--yes", "--dry-run")
    assert_fails(tool.run("cleanup", MISSING_ID, "--yes", *local.options), 2, MISSING_ID)
    assert_fails(tool.run("list", "--yes", *local.options), 2, "--yes")
    assert len(local.stored()) == 2


def on_terminal(tool, local, answer):
    """Runs cleanup on a terminal, and answers its question by bytes or by a signal; its exit code."""
    terminal, inside = pty.openpty()
    process = tool.start("cleanup", *local.options, stdin=inside, stderr=inside, stdout=subprocess.PIPE)
    os.close(inside)
    seen = b""
    while b"[y/N]" not in seen:
        assert select.select([terminal], [], [], 60)[0], seen
        seen += os.read(terminal, 1000)
    if isinstance(answer, bytes):
        os.write(terminal, answer)
    else:
        process.send_signal(answer)
    out, _ = process.communicate(timeout=60)
    os.close(terminal)
    assert out.startswith(b"would remove ")
    return process.returncode


@pytest.mark.parametrize("answer", [b"y\n", b"Yes\n"])
def test_yes(tool, local, old_and_young, answer):
    assert on_terminal(tool, local, answer) == 0
    assert set(local.stored()) == {old_and_young[1]}


@pytest.mark.parametrize("answer", [b"\n", b"n\n", b"\x04"])
def test_no(tool, local, old_and_young, answer):
    assert on_terminal(tool, local, answer) == 0
    assert len(local.stored()) == 2


def test_a_signal_is_no_yes(tool, local, old_and_young):
    assert on_terminal(tool, local, signal.SIGINT) == 128 + signal.SIGINT
    assert len(local.stored()) == 2


def test_files_of_the_original(tool, local):
    original = OriginalStorage(local.base)
    with open(__file__, "rb") as body:
        old = original.upload("from before.py", body, {"owner": "ada"})
        young = original.upload("young.py", body, {})
    then = int(time.time()) - 31 * DAY
    os.utime(local.base / old, (then, then))
    assert cleanup(tool, local, "--yes", "--days", "30")[2]["removed"] == 1
    assert set(local.stored()) == {young}
    stored_at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(then))
    assert local.catalogue.rows("SELECT file_id, file_path, metadata, uploaded_at FROM file_uploads") == [
        (old, "from before.py", '{"owner":"ada"}', stored_at)
    ]


def test_a_file_that_is_gone_already(tool, local, old_and_young):
    old, _ = old_and_young
    (local.base / old).unlink()
    (local.base / "metadata" / f"{old}.json").unlink()
    code, files, report = cleanup(tool, local, "--yes")
    assert (code, report["removed"], report["already_gone"]) == (0, 0, 1)
    assert [file["outcome"] for file in files] == ["already_gone"]
    assert {old: 1}.items() <= {file_id: gone for file_id, _, gone in local.catalogue.events()}.items()


def test_a_file_that_cannot_be_looked_at(tool, local, old_and_young):
    old, _ = old_and_young
    damaged = uploaded(tool.run("upload", "-", *local.options, stdin=b"x"))
    set_age(local, damaged, 40)
    (local.base / "metadata" / f"{damaged}.json").write_text("{")
    outcome = tool.run("cleanup", "--yes", "--json", *local.options)
    *files, report = map(json.loads, outcome.lines)
    assert (outcome.code, report["removed"], report["failed"]) == (7, 1, 1)
    assert {file["file_id"]: file["outcome"] for file in files} == {old: "removed", damaged: "failed"}
    assert outcome.err.startswith(f"filestore: file {damaged}: ".encode()) and outcome.err.count(b"\n") == 1


def test_a_record_alone_removes_nothing_that_the_store_says_is_new(tool, s3_store):
    file_id = uploaded(tool.run("upload", "-", *s3_store.options, environment=s3_store.environment, stdin=b"hello"))
    with contextlib.closing(sqlite3.connect(s3_store.catalogue.path)) as connection, connection:
        connection.execute("UPDATE file_uploads SET uploaded_at = '2020-01-01T00:00:00.000000Z'")
    code, files, report = cleanup(tool, s3_store, "--yes")
    assert (code, report["removed"], report["kept"]) == (0, 0, 1)
    assert [(file["file_id"], file["outcome"]) for file in files] == [(file_id, "kept")]
    assert set(s3_store.stored()) == {file_id}


def test_next_times(tool, local):
    configuration = tool.directory / "storage.yaml"
    configuration.write_text(
        f"storage:\n  local:\n    base_path: {local.base}\n  cleanup:\n    enabled: true\n    schedule: '30 4 1 1 *'\n    time_zone: Asia/Tokyo\n"
    )
    outcome = tool.run("cleanup", "--next", "3", "--config", configuration)
    assert_succeeds(outcome)
    years = [int(line[:4]) for line in outcome.lines]
    assert years == list(range(years[0], years[0] + 3))
    assert outcome.lines == [f"{year}-12-31T19:30:00.000000Z" for year in years]
    outcome = tool.run("cleanup", "--next", "1", "--json", "--config", configuration)
    assert json.loads(outcome.out) == {"at": f"{years[0]}-12-31T19:30:00.000000Z", "enabled": True}


@pytest.mark.parametrize("words", [["--next", "0"], ["--next", "1001"], ["--next", "1", "--yes"], ["--next", "1", "--days", "3"]], ids=" ".join)
def test_next_times_that_cannot_be(tool, local, words):
    assert_fails(tool.run("cleanup", *words, *local.options), 2, "--next")
