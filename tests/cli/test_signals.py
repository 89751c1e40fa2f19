"""A signal ends the command and leaves nothing half done."""

import os
import signal
import sqlite3
import subprocess

import pytest
from bad_servers import server_that_stalls, store_options
from command import assert_succeeds, tree, uploaded
from stores import MISSING_ID, Catalogue
from waiting import SECONDS_TO_BEGIN, wait_until

BODY = os.urandom(3_000_000)


def assert_stopped(process, number, out=b""):
    # Not communicate() at once: it would end the command's wait for its input or output.
    process.wait(timeout=SECONDS_TO_BEGIN)
    printed, complaint = process.communicate()
    assert process.returncode == 128 + number, (process.returncode, printed, complaint)
    assert printed == out
    assert complaint.startswith(b"filestore: stopped") and complaint.count(b"\n") == 1, complaint


@pytest.fixture
def temporary(tmp_path):
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


def has_open_intent(catalogue):
    try:
        return catalogue.rows("SELECT * FROM intents") != []
    except sqlite3.OperationalError:
        # The writer has only begun to make the file.
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_upload_from_a_pipe_that_stalls(tool, store, temporary, number):
    environment = {**store.environment, "TMPDIR": str(temporary)}
    process = tool.start("upload", "-", *store.options, environment=environment, stdin=subprocess.PIPE)
    process.stdin.write(BODY)
    process.stdin.flush()
    wait_until(lambda: has_open_intent(store.catalogue), process)
    process.send_signal(number)
    assert_stopped(process, number)
    store.assert_empty()
    assert store.catalogue.events() == []
    assert tree(temporary) == {}


def test_a_later_operand_is_not_begun(tool, local):
    (tool.directory / "first").write_bytes(b"1")
    (tool.directory / "third").write_bytes(b"3")
    process = tool.start("upload", "first", "-", "third", *local.options, stdin=subprocess.PIPE)
    first = process.stdout.readline()
    wait_until(lambda: has_open_intent(local.catalogue), process)
    process.send_signal(signal.SIGINT)
    assert_stopped(process, signal.SIGINT)
    assert local.stored() == {first.decode().strip(): b"1"}
    local.catalogue.assert_nothing_open()


def test_an_upload_to_a_server_that_stalls(tool, tmp_path, temporary):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    (tool.directory / "large").write_bytes(BODY * 4)
    with server_that_stalls() as server:
        options, environment = store_options(server.endpoint, catalogue.path)
        process = tool.start("upload", "large", *options, environment={**environment, "TMPDIR": str(temporary)})
        wait_until(server.broke_off.is_set, process)
        process.send_signal(signal.SIGINT)
        assert_stopped(process, signal.SIGINT)
    assert catalogue.events() == []
    assert tree(temporary) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_download_from_a_server_that_stalls(tool, tmp_path, number):
    (tool.directory / "copy").write_text("mine")
    with server_that_stalls() as server:
        options, environment = store_options(server.endpoint, tmp_path / "catalogue.sqlite")
        for target in ("copy", "new"):
            server.broke_off.clear()
            process = tool.start("download", MISSING_ID, "-o", target, *options, environment=environment)
            wait_until(server.broke_off.is_set, process)
            process.send_signal(number)
            assert_stopped(process, number)
    assert tree(tool.directory) == {"copy": b"mine"}


def test_a_download_to_a_reader_that_stalls(tool, store):
    file_id = uploaded(tool.run("upload", "-", *store.options, environment=store.environment, stdin=BODY))
    process = tool.start("download", file_id, "-o", "-", *store.options, environment=store.environment)
    begun = os.read(process.stdout.fileno(), 1)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=SECONDS_TO_BEGIN)
    rest, complaint = process.communicate()
    assert process.returncode == 130 and complaint.startswith(b"filestore: stopped")
    assert BODY.startswith(begun + rest) and begun + rest != BODY
    assert store.stored() == {file_id: BODY}


def test_a_list_to_a_reader_that_stalls(tool, local):
    local.base.mkdir()
    for number in range(3000):
        (local.base / f"{number:08x}-0000-4000-8000-000000000000").touch()
    process = tool.start("list", *local.options)
    os.read(process.stdout.fileno(), 1)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=SECONDS_TO_BEGIN)
    _, complaint = process.communicate()
    assert process.returncode == 143 and complaint.startswith(b"filestore: stopped")


def test_a_named_pipe_without_a_writer_can_be_left(tool, local):
    os.mkfifo(tool.directory / "pipe")
    process = tool.start("upload", "pipe", *local.options)
    wait_until(local.base.exists, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SECONDS_TO_BEGIN)
    assert process.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
    local.assert_empty()


def test_an_ignored_signal_stays_ignored(tool, local):
    """As under nohup, and for the jobs that a script runs in the background."""
    process = tool.start(
        "upload",
        "-",
        *local.options,
        stdin=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    process.stdin.write(BODY)
    process.stdin.flush()
    wait_until(lambda: has_open_intent(local.catalogue), process)
    process.send_signal(signal.SIGINT)
    printed, complaint = process.communicate(timeout=SECONDS_TO_BEGIN)
    assert (process.returncode, complaint) == (0, b"")
    assert_succeeds(tool.run("download", printed.decode().strip(), "-o", "-", *local.options), out=BODY)
