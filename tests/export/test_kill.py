"""What is killed between sending and recording leaves no copy that nobody knows of, however long the provider takes to show it."""

import contextlib
import hashlib
import json
import sqlite3
import threading
import time

import pytest
from command import assert_succeeds
from provider import Fault
from test_faults import UPLOAD
from test_send import only


def wait_until(is_so):
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def kill_while_the_answer_waits(quick, provider, file_id):
    """The provider has the file, and nobody has recorded that."""
    path = ".*" if provider.kind == "gemini" else UPLOAD[provider.kind]
    held = Fault("POST", path, held=threading.Event())
    if provider.kind == "gemini":
        provider.session_faults = [{"held": held.held, "arrived": held.arrived}]
    else:
        provider.faults.append(held)
    kill_at(quick, provider, file_id, held)
    held.held.set()


def kill_at(quick, provider, file_id, held, *words):
    process = quick.start(provider, file_id, *words)
    assert held.arrived.wait(60)
    process.kill()
    process.communicate()


def test_the_next_call_finds_it(quick, exporting, provider):
    file_id = exporting.upload()
    kill_while_the_answer_waits(quick, provider, file_id)
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    provider_id = only(provider.files)
    assert quick.send(provider, file_id) == ["sent", provider_id, "there"]
    assert only(exporting.sent(file_id))["provider_id"] == provider_id


def test_a_deletion_removes_it(quick, exporting, provider):
    file_id = exporting.upload()
    kill_while_the_answer_waits(quick, provider, file_id)
    assert_succeeds(exporting.tool.run("delete", file_id), b"")
    assert provider.files == {} and exporting.sent() == []


def test_settling_records_it(quick, exporting, provider):
    file_id = exporting.upload()
    kill_while_the_answer_waits(quick, provider, file_id)
    outcome = exporting.tool.run("unsend", "--json")
    assert_succeeds(outcome)
    copy = only(exporting.sent(file_id))
    assert json.loads(outcome.out) == {**copy, "found": True}
    assert copy["state"] == "sent" and copy["provider_id"] == only(provider.files)


@pytest.mark.parametrize("then", ["send", "settle", "delete"])
def test_what_never_arrived_is_no_copy(quick, exporting, start, then):
    provider = start("openai")
    file_id = exporting.upload()
    kill_while_the_answer_waits(quick, provider, file_id)
    provider.files.clear()
    if then == "send":
        assert quick.send(provider, file_id)[2] == "new"
        assert only(exporting.sent(file_id))["state"] == "sent"
        return
    outcome = exporting.tool.run(*(["unsend"] if then == "settle" else ["delete", file_id]))
    assert (outcome.code == 0) == (then == "delete") and b"may have a copy of file" in outcome.err and b"may come until" in outcome.err, outcome
    copy = only(exporting.sent())
    assert copy["state"] == ("unsettled" if then == "settle" else "removing") and "may come until" in copy["reason"]
    # Time alone is no proof: the list has been without it all the time.
    counts, reason = quick.settle(provider, file_id, "later=890")
    assert counts["waiting"] == 1 and "may come until" in reason
    assert quick.settle(provider, file_id, "later=930") == ({"removed": 0, "found": 0, "forgotten": 1, "waiting": 0}, "")
    assert exporting.sent() == []


@pytest.mark.parametrize("then", ["send", "settle"])
def test_refusals_do_not_keep_what_never_arrived(quick, exporting, start, then):
    """However often they come."""
    provider = start("openai")
    file_id = exporting.upload()
    kill_while_the_answer_waits(quick, provider, file_id)
    provider.files.clear()
    provider.faults.append(Fault("POST", "/v1/files", status=400, times=100))
    for later in (0, 600, 890):
        assert quick.send(provider, file_id, f"later={later}")[:2] == ["failed", "invalid_argument"]
        assert only(exporting.sent(file_id))["state"] == "unsettled"
    if then == "send":
        assert quick.send(provider, file_id, "later=930")[:2] == ["failed", "invalid_argument"]
    else:
        assert quick.settle(provider, file_id, "later=930")[0]["forgotten"] == 1
    assert exporting.sent() == []


@pytest.mark.parametrize("then", ["unsend", "delete"])
def test_a_provider_that_still_works_on_it(quick, exporting, start, then):
    provider = start("openai")
    file_id = exporting.upload()
    held = Fault("POST", "/v1/files", held=threading.Event(), slow=True)
    provider.faults.append(held)
    kill_at(quick, provider, file_id, held)
    words = [then] if then == "unsend" else [then, file_id]
    assert b"may come until" in exporting.tool.run(*words).err
    posted = len(provider.asked("POST"))
    held.held.set()
    wait_until(lambda: provider.files)
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert len(provider.asked("POST")) == posted
    if then == "unsend":
        assert only(exporting.sent())["provider_id"] == only(provider.files)
    else:
        assert exporting.sent() == [] and provider.files == {}


def test_a_file_that_comes_behind_another_send_is_removed_with_it(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    held = Fault("POST", "/v1/files", held=threading.Event(), slow=True)
    provider.faults.append(held)
    kill_at(quick, provider, file_id, held)
    assert quick.send(provider, file_id)[::2] == ["sent", "new"]
    held.held.set()
    wait_until(lambda: len(provider.files) == 2)
    assert len(set(provider.names())) == 1
    assert exporting.tool.run("delete", file_id).code == 0
    assert provider.files == {}
    assert quick.settle(provider, file_id, "later=930")[0]["waiting"] == 0
    assert exporting.sent() == []


def test_a_send_while_settling_waits_for_the_key_counts(quick, exporting, start):
    """What it may have made is not forgotten for what was known before it."""
    provider = start("openai")
    file_id = exporting.upload()
    for_nothing = Fault("POST", "/v1/files", held=threading.Event(), slow=True)
    provider.faults.append(for_nothing)
    kill_at(quick, provider, file_id, for_nothing)
    assert quick.settle(provider, file_id)[0]["waiting"] == 1
    settling = quick.start(provider, file_id, "settle", "asks", "later=930")
    assert settling.stdout.readline() == "asked\n"
    held = Fault("POST", "/v1/files", held=threading.Event(), slow=True)
    provider.faults.append(held)
    kill_at(quick, provider, file_id, held)
    settled, _ = settling.communicate("key\n")
    assert "forgotten=0 waiting=1" in settled
    held.held.set()
    wait_until(lambda: provider.files)
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert only(exporting.sent(file_id))["provider_id"] in provider.files


def replace(exporting, file_id, content):
    """As an upload of other bytes of that size with this ID leaves a file."""
    store = exporting.tool.directory / "storage"
    (store / file_id).write_bytes(content)
    sidecar = store / "metadata" / f"{file_id}.json"
    about = json.loads(sidecar.read_text())
    about["filestore"]["version"] = about["filestore"]["version"][::-1]
    sidecar.write_text(json.dumps(about))


def test_of_replaced_bytes_no_old_copy_is_answered(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload(b"old bytes")
    kill_while_the_answer_waits(quick, provider, file_id)
    replace(exporting, file_id, b"new bytes")
    outcome, provider_id, was = quick.send(provider, file_id)
    assert (outcome, was) == ("sent", "new")
    assert provider.files[provider_id]["sha"] == hashlib.sha256(b"new bytes").hexdigest()
    # The other is still known.
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert {copy["provider_id"] for copy in exporting.sent(file_id)} == set(provider.files) and len(provider.files) == 2
    assert_succeeds(exporting.tool.run("delete", file_id), b"")
    assert provider.files == {}


def test_an_expired_copy_that_is_found_is_no_copy(quick, exporting, start):
    provider = start("openai")
    provider.lifetime = -10
    file_id = exporting.upload()
    kill_while_the_answer_waits(quick, provider, file_id)
    provider.lifetime = 3600
    outcome, provider_id, was = quick.send(provider, file_id)
    assert (outcome, was) == ("sent", "new") and provider_id == list(provider.files)[1]
    assert only(exporting.sent(file_id))["state"] == "sent"


def test_the_copy_of_another_purpose_is_not_taken(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload(b"{}", "lines.jsonl")
    held = Fault("POST", "/v1/files", held=threading.Event())
    provider.faults.append(held)
    kill_at(quick, provider, file_id, held, "purpose=batch")
    held.held.set()
    provider.faults.append(Fault("POST", "/v1/files", status=500))
    outcome, provider_id, was = quick.send(provider, file_id, "purpose=user_data")
    assert (outcome, was) == ("sent", "new") and provider.files[provider_id]["purpose"] == "user_data"
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert {copy["provider_id"]: copy["purpose"] for copy in exporting.sent(file_id)} == {key: file["purpose"] for key, file in provider.files.items()}


def test_two_sends_at_once_have_a_copy_each(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    held = Fault("POST", "/v1/files", held=threading.Event())
    provider.faults.append(held)
    first = quick.start(provider, file_id, "again")
    assert held.arrived.wait(60)
    provider.faults.append(Fault("POST", "/v1/files", status=500))
    other = quick.send(provider, file_id, "again")
    held.held.set()
    one = first.communicate()[0].split()
    assert one[0] == other[0] == "sent" and {one[1], other[1]} == set(provider.files) and len(provider.files) == 2


def test_a_copy_that_is_just_sent_is_not_removed_for_another(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    kill_while_the_answer_waits(quick, provider, file_id)
    provider.faults.append(Fault("GET", "/v1/files", status=403))
    assert exporting.tool.run("unsend", file_id).code != 0
    assert only(exporting.sent(file_id))["state"] == "removing"
    held = Fault("POST", "/v1/files", held=threading.Event())
    provider.faults.append(held)
    sending = quick.start(provider, file_id)
    assert held.arrived.wait(60)
    assert_succeeds(exporting.tool.run("unsend"), b"")
    held.held.set()
    told = sending.communicate()[0].split()
    assert told[::2] == ["sent", "new"] and only(provider.files) == told[1]
    assert only(exporting.sent(file_id))["provider_id"] == told[1]


@contextlib.contextmanager
def unwritable(exporting):
    """Rows of copies cannot be changed meanwhile."""
    with contextlib.closing(sqlite3.connect(exporting.catalogue)) as connection, connection:
        connection.execute("create trigger spoilt before update on provider_copies begin select raise(abort, 'spoilt'); end")
    yield
    with contextlib.closing(sqlite3.connect(exporting.catalogue)) as connection, connection:
        connection.execute("drop trigger spoilt")


@pytest.mark.parametrize("by", ["the same process", "another process"])
def test_a_row_that_cannot_be_written_is_nobodys(quick, exporting, start, by):
    """Once it can be written again, whoever comes goes on with it, although the process that sent it lives."""
    provider = start("openai")
    file_id = exporting.upload()
    held = Fault("POST", "/v1/files", held=threading.Event())
    provider.faults.append(held)
    process = quick.start(provider, file_id, "lines")
    assert held.arrived.wait(60)
    assert only(exporting.sent(file_id))["state"] == "sending"
    with unwritable(exporting):
        held.held.set()
        assert process.stdout.readline().startswith("failed ")
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    provider_id = only(provider.files)
    if by == "another process":
        assert_succeeds(exporting.tool.run("unsend"), b"")
        assert only(exporting.sent(file_id))["state"] == "sent"
    out, _ = process.communicate("send\nunsend\n")
    assert out.splitlines() == [f"sent {provider_id} there", "settled removed=1 found=0 forgotten=0 waiting=0"]
    assert provider.files == {} and exporting.sent() == []
