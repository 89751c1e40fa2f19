"""filestore convert gives a local store the other layout, whatever happens meanwhile."""

import json
import os
import signal
import subprocess

import pytest
from command import assert_fails, assert_succeeds, uploaded
from stores import LocalStore
from waiting import wait_until

USAGE = 2
MANY = 4000


def upload(tool, store, body=b"some bytes"):
    return uploaded(tool.run("upload", "-", *store.options, stdin=body))


def convert(tool, store, layout):
    """The report; the store is of that layout from then on."""
    outcome = tool.run("convert", "--layout", layout, store.base, "--json")
    assert_succeeds(outcome, out=outcome.out)
    store.layout = layout
    store.options = ["--base-path", store.base]
    return json.loads(outcome.out)


def verify(tool, store):
    outcome = tool.run("verify", "--json", *store.options)
    assert_succeeds(outcome, out=outcome.out)
    return json.loads(outcome.lines[-1])


def fill(store):
    """Empty files, in the flat layout."""
    metadata = store.base / "metadata"
    metadata.mkdir(parents=True)
    for number in range(MANY):
        file_id = f"{number * 1_000_003 % 2**32:08x}-0000-4000-8000-{number:012x}"
        (store.base / file_id).touch()
        (metadata / f"{file_id}.json").write_text(json.dumps({"file_id": file_id, "original_path": "a", "size": 0}))


def record_of(store):
    path = store.base / ".filestore" / "layout"
    return path.read_text().strip() if path.exists() else None


@pytest.mark.parametrize("layout", ["flat", "sharded"])
def test_there_and_back(tool, tmp_path, layout):
    store = LocalStore(tmp_path, layout)
    bodies = {upload(tool, store, body): body for body in (b"", b"one", os.urandom(100_000))}
    other = "flat" if layout == "sharded" else "sharded"
    for there in (other, layout):
        assert convert(tool, store, there) == {"store": str(store.base), "layout": there, "files": 3}
        assert convert(tool, store, there)["files"] == 0
        assert store.stored() == bodies and record_of(store) == there
        assert verify(tool, store)["files"] == 3
    for file_id, body in bodies.items():
        assert_succeeds(tool.run("download", file_id, "-", *store.options), body)
        assert_succeeds(tool.run("delete", file_id, *store.options), out=b"")
    assert store.stored() == {}


def test_what_it_prints(tool, tmp_path):
    stores = [LocalStore(tmp_path / name) for name in "ab"]
    for store in stores:
        upload(tool, store)
    words = ["convert", "--layout", "sharded", *(store.base for store in stores)]
    assert_succeeds(tool.run(*words), "".join(f"{store.base} is sharded: 1 files moved\n" for store in stores).encode())
    assert_succeeds(tool.run("convert", "--layout", "flat", *stores[0].options), f"{stores[0].base} is flat: 1 files moved\n".encode())
    absent = tmp_path / "absent"
    outcome = tool.run("convert", "--layout", "flat", absent, stores[1].base)
    assert_fails(outcome, USAGE, "no store", absent, out=f"{stores[1].base} is flat: 1 files moved\n".encode())
    assert not absent.exists()


def test_what_it_needs_to_know(tool, local):
    upload(tool, local)
    assert_fails(tool.run("convert", local.base), USAGE, "--layout")
    assert_fails(tool.run("convert", "--layout", "round", local.base), USAGE, "flat, sharded")
    assert_fails(tool.run("convert", "--layout", "flat", "--backend", "s3", "--bucket", "b"), USAGE, "local")
    assert record_of(local) is None


def test_the_other_layout_is_refused(tool, local):
    file_id = upload(tool, local)
    assert_fails(tool.run("list", *local.options, "--layout", "sharded"), USAGE, "filestore convert --layout sharded", local.base)
    (tool.directory / "storage.yaml").write_text(f"storage:\n  local:\n    base_path: {local.base}\n    layout: sharded\n")
    assert_fails(tool.run("list", "--config", "storage.yaml"), USAGE, "filestore convert --layout sharded")
    outcome = tool.run("convert", "--config", "storage.yaml")
    assert_succeeds(outcome, out=outcome.out)
    assert_succeeds(tool.run("download", file_id, "-", "--config", "storage.yaml"), b"some bytes")
    (local.base / ".filestore" / "layout").write_text("deeper\n")
    assert_fails(tool.run("list", *local.options), 1, "deeper")


def test_a_store_that_is_in_use(tool, local):
    upload(tool, local)
    process = tool.start("upload", "-", *local.options, stdin=subprocess.PIPE)
    wait_until(lambda: local.catalogue.rows("SELECT * FROM intents"), process)
    assert_fails(tool.run("convert", "--layout", "sharded", local.base), 1, "open")
    out, err = process.communicate(b"late")
    assert (process.returncode, err) == (0, b"")
    assert convert(tool, local, "sharded")["files"] == 2
    assert local.stored()[out.decode().strip()] == b"late"


def test_use_while_it_goes_on(tool, local):
    fill(local)
    process = tool.start("convert", "--layout", "sharded", local.base)
    wait_until(lambda: record_of(local) is not None, process)
    kept = []
    while process.poll() is None:
        first, second = upload(tool, local), upload(tool, local)
        assert len(tool.run("list", *local.options).lines) == MANY + len(kept) + 2
        assert_succeeds(tool.run("delete", first, *local.options), out=b"")
        kept.append(second)
    assert process.wait() == 0, process.stderr.read()
    local.layout = "sharded"
    assert verify(tool, local)["files"] == MANY + len(kept)
    assert set(kept) <= set(local.stored())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("then", ["sharded", "flat"])
def test_a_run_that_is_ended(tool, local, number, then):
    fill(local)
    process = tool.start("convert", "--layout", "sharded", local.base)
    wait_until(lambda: len(list(local.base.glob("??"))) > 20, process)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert record_of(local) == "flat to sharded"
    assert len(tool.run("list", *local.options).lines) == MANY
    assert 0 < convert(tool, local, then)["files"] < MANY
    assert verify(tool, local)["files"] == MANY
    assert len(local.stored()) == MANY and record_of(local) == then
