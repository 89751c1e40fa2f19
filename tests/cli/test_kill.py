"""The process is killed in the middle of its work, and the next one finds a whole store."""

import os
import signal

import pytest
from command import LONG, assert_succeeds, uploaded
from waiting import wait_until

LARGE = 1 << 30
SENT = 50_000_000
# How far each upload is when it is killed.
KILLED_AT = [SENT * (number + 1) // 3 for number in range(10)] if LONG else [SENT]


@pytest.fixture
def large(tool):
    path = tool.directory / "large"
    with open(path, "wb") as file:
        file.truncate(LARGE)
    return path


def bytes_read(process):
    with open(f"/proc/{process.pid}/io") as counters:
        return int(counters.readline().split()[1])


@pytest.mark.parametrize("sent", KILLED_AT)
@pytest.mark.parametrize("signing", ["unsigned", "signed"])
def test_an_upload_to_a_server_that_is_killed_half_way(tool, versitygw, large, signing, sent):
    options = [*versitygw.options, "--option", f"payload_signing={signing}"]
    process = tool.start("upload", large, *options, environment=versitygw.environment)
    wait_until(lambda: bytes_read(process) > sent, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(versitygw.uploads()) == 1

    def run(*arguments):
        return tool.run(*arguments, *options, environment=versitygw.environment, stdin=b"next")

    next_id = uploaded(run("upload", "-"))
    assert versitygw.stored() == {next_id: b"next"}
    assert [event[0] for event in versitygw.catalogue.events()] == [next_id]
    versitygw.catalogue.assert_nothing_open()
    assert versitygw.uploads() == []


@pytest.mark.parametrize("sent", KILLED_AT)
def test_an_upload_to_a_directory_that_is_killed_half_way(tool, local, large, sent):
    process = tool.start("upload", large, *local.options)
    wait_until(lambda: bytes_read(process) > sent, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    next_id = uploaded(tool.run("upload", "-", *local.options, stdin=b"next"))
    assert local.stored() == {next_id: b"next"}
    local.catalogue.assert_nothing_open()


def test_a_part_of_a_body_that_a_server_kept_is_damage(tool, versitygw):
    """As if it had been kept when the uploader died."""
    content = os.urandom(100_000)
    file_id = uploaded(tool.run("upload", "-", *versitygw.options, environment=versitygw.environment, stdin=content))
    versitygw.cut(file_id, 1000)
    for arguments in (["metadata", file_id], ["download", file_id, "-o", "copy"]):
        outcome = tool.run(*arguments, *versitygw.options, environment=versitygw.environment)
        assert (outcome.code, outcome.out) == (7, b""), outcome
    assert not (tool.directory / "copy").exists()
    assert_succeeds(tool.run("delete", file_id, *versitygw.options, environment=versitygw.environment))
    versitygw.assert_empty()
