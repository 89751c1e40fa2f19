"""filestore verify finds what is damaged in a store, and nothing else."""

import json
import os
import signal
import subprocess
import time

import pytest
from command import assert_fails, assert_succeeds, uploaded
from stores import LocalStore, fill

NOTHING_FOUND = {"corrupt": 0, "missing": 0, "orphaned": 0, "unreadable": 0, "in_quarantine": 0, "under_way": 0}
DAMAGED = 7


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A store of 10,000 files, made by nobody of ours."""
    made = LocalStore(tmp_path_factory.mktemp("many"))
    made.ids = fill(made, 10_000)
    return made


def flip(store, file_id, at=0):
    path = store.data(file_id)
    body = bytearray(path.read_bytes())
    body[at] ^= 1
    path.write_bytes(body)


def verify(tool, store, *arguments, **options):
    """The exit code, the findings, and the report."""
    outcome = tool.run("verify", "--json", *arguments, *store.options, environment=store.environment, **options)
    assert outcome.err == b"", outcome
    *findings, report = map(json.loads, outcome.lines)
    return outcome.code, findings, report


def test_a_sound_store(tool, any_local):
    uploaded(tool.run("upload", "-", *any_local.options, stdin=b"hello"))
    code, findings, report = verify(tool, any_local)
    assert (code, findings) == (0, [])
    assert report == {"files": 1, "bytes": 5, "unchecked": 0, **NOTHING_FOUND}
    assert_succeeds(
        tool.run("verify", *any_local.options), b"1 files, 5 bytes read: 0 corrupt, 0 missing, 0 orphaned, 0 unreadable\n"
    )


def test_a_flipped_bit_among_10000_files(tool, many):
    code, findings, report = verify(tool, many)
    assert (code, findings, report["files"], report["unchecked"]) == (0, [], 10_000, 0)
    damaged = many.ids[7321]
    flip(many, damaged, 3)
    code, findings, report = verify(tool, many)
    flip(many, damaged, 3)
    assert code == DAMAGED
    assert [(found["file_id"], found["damage"]) for found in findings] == [(damaged, "corrupt")]
    assert (report["files"], report["corrupt"]) == (10_000, 1)


def test_what_was_recorded_and_is_gone(tool, any_local):
    first, second, third = (uploaded(tool.run("upload", "-", *any_local.options, stdin=b"x")) for _ in range(3))
    any_local.data(first).unlink()
    any_local.sidecar(first).unlink()
    any_local.data(second).unlink()
    assert_succeeds(tool.run("delete", third, *any_local.options))
    code, findings, report = verify(tool, any_local)
    assert code == DAMAGED
    assert {(found["file_id"], found["damage"]) for found in findings} == {(first, "missing"), (second, "missing")}
    assert report["files"] == 2
    # Without the record nobody knows that there was a file.
    code, findings, _ = verify(tool, any_local, "--option", "catalogue_path=off")
    assert [(found["file_id"], found["damage"]) for found in findings] == [(second, "orphaned")]


def test_a_repair(tool, any_local):
    sound, bad = (uploaded(tool.run("upload", "-", *any_local.options, stdin=b"some bytes")) for _ in range(2))
    flip(any_local, bad)
    code, findings, _ = verify(tool, any_local, "--repair")
    assert code == DAMAGED
    assert [(found["file_id"], found["quarantined"]) for found in findings] == [(bad, True)]
    assert set(any_local.stored()) == {sound}
    code, findings, report = verify(tool, any_local)
    assert (code, findings, report["in_quarantine"]) == (0, [], 1)
    quarantine = ["--base-path", any_local.base / ".filestore" / "quarantine", "--option", "catalogue_path=off"]
    assert_succeeds(tool.run("download", bad, "-o", "rescued", *quarantine))
    assert (tool.directory / "rescued").read_bytes() == b"rome bytes"


def test_what_the_original_system_is_storing(tool, any_local):
    """It writes the bytes, then the metadata, and takes no locks."""
    sound = uploaded(tool.run("upload", "-", *any_local.options, stdin=b"sound"))
    path = any_local.data(sound).parent / f"{sound[:2]}345678-0000-4000-8000-000000000000"
    path.write_bytes(b"bytes")
    code, findings, report = verify(tool, any_local, "--repair")
    assert (code, findings, report["files"], report["under_way"]) == (0, [], 2, 1)
    assert_succeeds(
        tool.run("verify", *any_local.options),
        b"2 files, 5 bytes read: 0 corrupt, 0 missing, 0 orphaned, 0 unreadable; 1 are being stored, as far as can be told\n",
    )
    assert path.read_bytes() == b"bytes"


@pytest.mark.parametrize("repair", [False, True])
def test_a_run_that_is_killed_is_gone_on_with(tool, any_local, repair):
    """Nobody reads what the first run prints, so that it stands still in the middle."""
    ids = fill(any_local, 3000)
    for file_id in ids[::2]:
        flip(any_local, file_id)
    options = ["--repair"] if repair else []
    process = tool.start("verify", "--json", *options, *any_local.options)
    log = any_local.base / ".filestore" / "verify"
    size = -1
    while not log.exists() or (now := log.stat().st_size) == 0 or now != size:
        size = now if log.exists() else -1
        time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    moved = any_local.base / ".filestore" / "quarantine"
    was_moved = len(list(moved.glob("*-*"))) if repair else 0
    assert was_moved > 0 if repair else log.read_text().count("\n") > 1

    code, findings, report = verify(tool, any_local, "--resume", *options)
    assert code == DAMAGED
    assert [found["file_id"] for found in findings] == ids[::2]
    assert (report["files"], report["corrupt"]) == (3000, 1500)
    assert not log.exists()
    if repair:
        assert {path.name for path in moved.glob("*-*")} == set(ids[::2])
        assert set(any_local.stored()) == set(ids[1::2])


def test_a_run_that_is_interrupted_says_so(tool, any_local):
    ids = fill(any_local, 3000)
    for file_id in ids:
        flip(any_local, file_id)
    process = tool.start("verify", *any_local.options)
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGINT, err
    _, findings, _ = verify(tool, any_local, "--resume")
    assert len(findings) == 3000


def test_two_runs_at_once(tool, many):
    flip(many, many.ids[5000])
    runs = [tool.start("verify", "--json", *many.options) for _ in range(2)]
    for run in runs:
        out, err = run.communicate()
        assert (run.returncode, err) == (DAMAGED, b"")
        assert json.loads(out.splitlines()[0])["file_id"] == many.ids[5000]
    flip(many, many.ids[5000])


def test_uploads_and_deletions_meanwhile(tool, any_local):
    (tool.directory / "file").write_bytes(os.urandom(20_000))
    work = "for i in $(seq 12); do ids=$({0} upload file file file {1}) && {0} delete $ids {1} && {0} upload file {1}; done"
    command = work.format(tool.path, " ".join(map(str, any_local.options)))
    worker = subprocess.Popen(["sh", "-c", command], cwd=tool.directory, stdout=subprocess.DEVNULL)
    runs = 0
    while worker.poll() is None or runs == 0:
        code, findings, _ = verify(tool, any_local)
        assert (code, findings) == (0, [])
        runs += 1
    assert worker.returncode == 0
    assert verify(tool, any_local)[2]["files"] == 12


def test_a_store_that_cannot_be_written_to(tool, local):
    ids = fill(local, 3)
    flip(local, ids[1])
    for directory in (local.base / "metadata", local.base):
        directory.chmod(0o500)
    outcome = tool.run_without_powers("verify", *local.options)
    assert outcome.code == DAMAGED and outcome.lines[0].startswith(f"corrupt {ids[1]}"), outcome
    assert_fails(tool.run_without_powers("verify", "--repair", *local.options), 5, "permission")
    local.base.chmod(0o700)


def test_an_unreadable_file_is_not_called_damaged(tool, any_local):
    ids = fill(any_local, 2)
    any_local.data(ids[0]).chmod(0)
    outcome = tool.run_without_powers("verify", "--repair", *any_local.options)
    assert outcome.code == DAMAGED and outcome.lines[0].startswith(f"unreadable {ids[0]}"), outcome
    assert any_local.data(ids[0]).exists()


def test_a_store_on_a_server(tool, versitygw):
    def run(*arguments):
        return tool.run(*arguments, *versitygw.options, environment=versitygw.environment, stdin=os.urandom(50_000))

    ids = [uploaded(run("upload", "-")) for _ in range(5)]
    code, findings, report = verify(tool, versitygw)
    assert (code, findings) == (0, [])
    assert report == {"files": 5, "bytes": 250_000, "unchecked": 0, **NOTHING_FOUND}
    versitygw.cut(ids[2], 1000)
    place = {"Bucket": versitygw.bucket, "Key": versitygw.prefix + ids[4]}
    versitygw.client().delete_object(**place)
    code, findings, report = verify(tool, versitygw)
    assert code == DAMAGED
    assert {(found["file_id"], found["damage"]) for found in findings} == {(ids[2], "corrupt"), (ids[4], "missing")}
    assert_fails(run("verify", "--repair"), 1, "repair")
