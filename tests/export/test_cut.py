"""What is no whole copy is never taken for one: it is removed, and remembered until then."""

import signal
import threading

import pytest
from command import assert_succeeds
from provider import MIB, Cut, Fault
from test_faults import UPLOAD
from test_kill import kill_while_the_answer_waits, unwritable
from test_send import only


def test_a_copy_of_another_size_is_none(quick, exporting, provider):
    file_id = exporting.upload(b"some bytes")
    provider.cut_off = 3
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "corrupt"), message
    assert "has a copy of 7 bytes, and 10 were sent" in message and message.endswith(": its copy was removed")
    assert provider.files == {} and exporting.sent() == []
    provider.cut_off = 0
    assert quick.send(provider, file_id)[::2] == ["sent", "new"]


@pytest.mark.parametrize("then", ["removes it", "cannot remove it", "comes late"])
def test_a_server_that_keeps_what_came_of_a_form(quick, exporting, start, then):
    """Some make a file of what they have when the connection ends."""
    provider = start("openai")
    file_id = exporting.upload(bytes(64 * MIB), "large.bin", "video/mp4")
    read, late = provider.read, []

    def read_and_keep(recorded, body):
        try:
            return read(recorded, body)
        except Cut:
            name = only(exporting.sent(file_id))["sent_name"]
            if then == "comes late":
                late.append(name)
            else:
                provider.add_file(name, size=MIB)
            raise

    provider.read = read_and_keep
    provider.faults.append(Fault("POST", "/v1/files", cut=MIB))
    if then == "cannot remove it":
        provider.faults.append(Fault("DELETE", ".*", status=403))
    outcome = quick.send(provider, file_id)
    if then == "comes late":
        # A second attempt went through meanwhile.
        assert outcome[::2] == ["sent", "new"], outcome
        provider.add_file(only(late), size=MIB)
    else:
        assert outcome[:2] == ["failed", "corrupt"], outcome
        assert len(provider.files) == (1 if then == "cannot remove it" else 0)
    assert exporting.tool.run("delete", file_id).code == 0
    assert provider.files == {}
    assert quick.settle(provider, file_id, "later=930")[0]["waiting"] == 0
    assert exporting.sent() == []


def test_an_interrupted_form_may_have_left_something(exporting, start):
    provider = start("openai")
    file_id = exporting.upload(bytes(64 * MIB), "large.bin", "video/mp4")
    begun, go_on, read = threading.Event(), threading.Event(), provider.read

    def read_late(recorded, body):
        if recorded.method == "POST":
            begun.set()
            go_on.wait(60)
        return read(recorded, body)

    provider.read = read_late
    process = exporting.tool.start("send", file_id, "--to", "openai", "--base-url", provider.url)
    assert begun.wait(60)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    go_on.set()
    assert only(exporting.sent(file_id))["state"] == "unsettled"


def test_the_ID_of_an_upload_is_none_of_a_file(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload(bytes(2 * MIB), "large.bin")
    answer = {"id": "upload_1", "object": "upload", "status": "completed", "file": None}
    provider.faults.append(Fault("POST", "/v1/uploads/[^/]*/complete", done=True, status=200, body=answer))
    outcome, told, message = quick.send(provider, file_id, "parts-above=1", f"part-size={MIB}")
    assert (outcome, told) == ("failed", "corrupt") and "names no file" in message
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert only(exporting.sent(file_id))["provider_id"] == only(provider.files)


def test_neither_is_one_in_parts(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload(bytes(2 * MIB), "large.bin")
    provider.cut_off = 1
    outcome, told, message = quick.send(provider, file_id, "parts-above=1", f"part-size={MIB}")
    assert (outcome, told) == ("failed", "corrupt"), message
    assert provider.files == {} and exporting.sent() == []


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_an_answer_before_the_whole_file_proves_nothing(quick, exporting, start, kind):
    provider = start(kind)
    file_id = exporting.upload(bytes(48 * MIB), "large.bin", "video/mp4")
    cut_id = provider.add_file("", size=48 * MIB)
    provider.faults.append(Fault("POST", UPLOAD[kind], status=200, early=True, body=provider.shown(cut_id)))
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "corrupt"), message
    assert "before the whole file was sent: its copy was removed" in message
    assert provider.files == {} and exporting.sent() == []


@pytest.mark.parametrize("then", ["unsend", "send"])
def test_one_that_cannot_be_removed_now_is_removed_later(quick, exporting, start, then):
    provider = start("openai")
    file_id = exporting.upload()
    provider.cut_off = 1
    provider.faults.append(Fault("DELETE", ".*", status=403))
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "corrupt") and "its copy is still to be removed" in message
    copy = only(exporting.sent(file_id))
    assert copy["state"] == "removing" and "403" in copy["reason"]
    provider.cut_off = 0
    if then == "send":
        assert quick.send(provider, file_id)[::2] == ["sent", "new"]
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert [copy["provider_id"] for copy in exporting.sent()] == list(provider.files)
    assert len(provider.files) == (1 if then == "send" else 0)


@pytest.mark.parametrize("then", ["unsend", "send"])
def test_one_that_is_found_later_is_none_either(quick, exporting, provider, then):
    file_id = exporting.upload()
    provider.cut_off = 1
    kill_while_the_answer_waits(quick, provider, file_id)
    cut_id = only(provider.files)
    provider.cut_off = 0
    if then == "send":
        outcome, provider_id, was = quick.send(provider, file_id)
        assert (outcome, was) == ("sent", "new") and provider_id != cut_id
        assert only(exporting.sent())["provider_id"] == provider_id == only(provider.files)
    else:
        assert_succeeds(exporting.tool.run("unsend"), b"")
        assert provider.files == {} and exporting.sent() == []


def test_neither_is_one_that_is_found_behind_a_lost_answer(quick, exporting, start):
    provider = start("anthropic")
    file_id = exporting.upload()
    provider.cut_off = 1
    provider.faults.append(Fault("POST", "/v1/files", lost=True))
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "corrupt"), message
    assert provider.files == {} and exporting.sent() == []


def test_one_that_cannot_be_recorded_is_found_by_its_size(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    provider.cut_off = 1
    held = Fault("POST", "/v1/files", held=threading.Event())
    provider.faults.append(held)
    process = quick.start(provider, file_id)
    assert held.arrived.wait(60)
    with unwritable(exporting):
        held.held.set()
        assert process.communicate()[0].startswith("failed corrupt ")
    assert only(exporting.sent())["state"] == "unsettled" and len(provider.files) == 1
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert provider.files == {} and exporting.sent() == []
