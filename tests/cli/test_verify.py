"""filestore verify finds what is damaged in a store, and nothing else."""

import base64
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import uuid

import pytest
from command import LONG, assert_fails, assert_succeeds, uploaded
from stores import LocalStore

PEAK_MEMORY = pathlib.Path(__file__).with_name("peak_memory.py")
MIB = 1 << 20
NOTHING_FOUND = {"corrupt": 0, "missing": 0, "orphaned": 0, "unreadable": 0, "in_quarantine": 0}
DAMAGED = 7


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A store of 10,000 files, made by nobody of ours."""
    made = LocalStore(tmp_path_factory.mktemp("many"))
    made.ids = fill(made, 10_000)
    return made


def fill(store, count, content=b"file %d"):
    """Writes files with SHA-256 beside them; answers their IDs in order."""
    (store.base / "metadata").mkdir(parents=True)
    ids = sorted(str(uuid.uuid4()) for _ in range(count))
    for number, file_id in enumerate(ids):
        body = content % number if b"%" in content else content
        checksum = {"algorithm": "SHA256", "value": base64.b64encode(hashlib.sha256(body).digest()).decode()}
        ours = {"content_type": "text/plain", "checksum": checksum}
        sidecar = {"file_id": file_id, "original_path": "a", "size": len(body), "filestore": ours}
        (store.base / file_id).write_bytes(body)
        (store.base / "metadata" / f"{file_id}.json").write_text(json.dumps(sidecar))
    return ids


def flip(store, file_id, at=0):
    path = store.base / file_id
    body = bytearray(path.read_bytes())
    body[at] ^= 1
    path.write_bytes(body)


def verify(tool, store, *arguments, **options):
    """The exit code, the findings, and the report."""
    outcome = tool.run("verify", "--json", *arguments, *store.options, environment=store.environment, **options)
    assert outcome.err == b"", outcome
    *findings, report = map(json.loads, outcome.lines)
    return outcome.code, findings, report


def test_a_sound_store(tool, local):
    uploaded(tool.run("upload", "-", *local.options, stdin=b"hello"))
    code, findings, report = verify(tool, local)
    assert (code, findings) == (0, [])
    assert report == {"files": 1, "bytes": 5, "unchecked": 0, **NOTHING_FOUND}
    assert_succeeds(
        tool.run("verify", *local.options), b"1 files, 5 bytes read: 0 corrupt, 0 missing, 0 orphaned, 0 unreadable\n"
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


def test_what_was_recorded_and_is_gone(tool, local):
    first, second, third = (uploaded(tool.run("upload", "-", *local.options, stdin=b"x")) for _ in range(3))
    (local.base / first).unlink()
    (local.base / "metadata" / f"{first}.json").unlink()
    (local.base / second).unlink()
    assert_succeeds(tool.run("delete", third, *local.options))
    code, findings, report = verify(tool, local)
    assert code == DAMAGED
    assert {(found["file_id"], found["damage"]) for found in findings} == {(first, "missing"), (second, "missing")}
    assert report["files"] == 2
    # Without the record nobody knows that there was a file.
    code, findings, _ = verify(tool, local, "--option", "catalogue_path=off")
    assert [(found["file_id"], found["damage"]) for found in findings] == [(second, "orphaned")]


def test_a_repair(tool, local):
    sound, bad = (uploaded(tool.run("upload", "-", *local.options, stdin=b"some bytes")) for _ in range(2))
    flip(local, bad)
    code, findings, _ = verify(tool, local, "--repair")
    assert code == DAMAGED
    assert [(found["file_id"], found["quarantined"]) for found in findings] == [(bad, True)]
    assert set(local.stored()) == {sound}
    code, findings, report = verify(tool, local)
    assert (code, findings, report["in_quarantine"]) == (0, [], 1)
    quarantine = ["--base-path", local.base / ".filestore" / "quarantine", "--option", "catalogue_path=off"]
    assert_succeeds(tool.run("download", bad, "-o", "rescued", *quarantine))
    assert (tool.directory / "rescued").read_bytes() == b"rome bytes"


@pytest.mark.parametrize("repair", [False, True])
def test_a_run_that_is_killed_is_gone_on_with(tool, local, repair):
    """Nobody reads what the first run prints, so that it stands still in the middle."""
    ids = fill(local, 3000)
    for file_id in ids[::2]:
        flip(local, file_id)
    options = ["--repair"] if repair else []
    process = tool.start("verify", "--json", *options, *local.options)
    log = local.base / ".filestore" / "verify"
    size = -1
    while not log.exists() or (now := log.stat().st_size) == 0 or now != size:
        size = now if log.exists() else -1
        time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    moved = local.base / ".filestore" / "quarantine"
    was_moved = len(list(moved.glob("*-*"))) if repair else 0
    assert was_moved > 0 if repair else log.read_text().count("\n") > 1

    code, findings, report = verify(tool, local, "--resume", *options)
    assert code == DAMAGED
    assert [found["file_id"] for found in findings] == ids[::2]
    assert (report["files"], report["corrupt"]) == (3000, 1500)
    assert not log.exists()
    if repair:
        assert {path.name for path in moved.glob("*-*")} == set(ids[::2])
        assert set(local.stored()) == set(ids[1::2])


def test_a_run_that_is_interrupted_says_so(tool, local):
    ids = fill(local, 3000)
    for file_id in ids:
        flip(local, file_id)
    process = tool.start("verify", *local.options)
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGINT, err
    _, findings, _ = verify(tool, local, "--resume")
    assert len(findings) == 3000


def test_two_runs_at_once(tool, many):
    flip(many, many.ids[5000])
    runs = [tool.start("verify", "--json", *many.options) for _ in range(2)]
    for run in runs:
        out, err = run.communicate()
        assert (run.returncode, err) == (DAMAGED, b"")
        assert json.loads(out.splitlines()[0])["file_id"] == many.ids[5000]
    flip(many, many.ids[5000])


def test_uploads_and_deletions_meanwhile(tool, local):
    (tool.directory / "file").write_bytes(os.urandom(20_000))
    work = "for i in $(seq 12); do ids=$({0} upload file file file {1}) && {0} delete $ids {1} && {0} upload file {1}; done"
    command = work.format(tool.path, f"--base-path {local.base}")
    worker = subprocess.Popen(["sh", "-c", command], cwd=tool.directory, stdout=subprocess.DEVNULL)
    runs = 0
    while worker.poll() is None or runs == 0:
        code, findings, _ = verify(tool, local)
        assert (code, findings) == (0, [])
        runs += 1
    assert worker.returncode == 0
    assert verify(tool, local)[2]["files"] == 12


def test_a_store_that_cannot_be_written_to(tool, local):
    ids = fill(local, 3)
    flip(local, ids[1])
    for directory in (local.base / "metadata", local.base):
        directory.chmod(0o500)
    outcome = tool.run_without_powers("verify", *local.options)
    assert outcome.code == DAMAGED and outcome.lines[0].startswith(f"corrupt {ids[1]}"), outcome
    assert_fails(tool.run_without_powers("verify", "--repair", *local.options), 5, "permission")
    local.base.chmod(0o700)


def test_an_unreadable_file_is_not_called_damaged(tool, local):
    ids = fill(local, 2)
    (local.base / ids[0]).chmod(0)
    outcome = tool.run_without_powers("verify", "--repair", *local.options)
    assert outcome.code == DAMAGED and outcome.lines[0].startswith(f"unreadable {ids[0]}"), outcome
    assert (local.base / ids[0]).exists()


def test_memory_does_not_grow_with_the_store(tool, tmp_path):
    def peak(count):
        store = LocalStore(tmp_path / str(count))
        fill(store, count, b"")
        result = tmp_path / "peak"
        command = ["-E", "-S", str(PEAK_MEMORY), str(result), tool.path, "verify", *store.options]
        assert_succeeds(type(tool)(sys.executable, tool.directory).run(*command))
        return int(result.read_text()) * 1024

    small, large = peak(1000), peak(1_000_000 if LONG else 30_000)
    print(f"{small / MIB:.1f} MiB, {large / MIB:.1f} MiB")
    assert large - small < 32 * MIB


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
