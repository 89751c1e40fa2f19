"""What is killed between sending and recording leaves no copy that nobody knows of."""

import signal
import subprocess
import threading

import pytest
from command import assert_succeeds
from provider import Fault
from test_faults import UPLOAD
from test_send import only


def kill_while_the_answer_waits(quick, provider, file_id):
    """The provider has the file, and nobody has recorded that."""
    path = ".*" if provider.kind == "gemini" else UPLOAD[provider.kind]
    held = Fault("POST", path, held=threading.Event())
    if provider.kind == "gemini":
        provider.session_faults = [{"held": held.held, "arrived": held.arrived}]
    else:
        provider.faults.append(held)
    process = subprocess.Popen(quick.command(provider, file_id, []), env=quick.tool.environment, cwd=quick.tool.directory, stdout=subprocess.PIPE)
    assert held.arrived.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    held.held.set()


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
    assert_succeeds(exporting.tool.run("unsend"), b"")
    copy = only(exporting.sent(file_id))
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
    else:
        words = ["unsend"] if then == "settle" else ["delete", file_id]
        assert_succeeds(exporting.tool.run(*words), b"")
        assert exporting.sent() == []
