"""What `filestore serve` does by itself with copies of deleted files."""

import signal

from command import assert_succeeds
from waiting import wait_until


def leave_a_copy(exporting, provider):
    """Of a file that was deleted when nobody had the key."""
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    assert exporting.tool.run("delete", file_id, environment={"OPENAI_API_KEY": ""}).code == 0
    assert len(provider.files) == 1


def start_service(exporting, **environment):
    return exporting.tool.start("serve", "--listen", "127.0.0.1:0", environment=environment)


def ended(service):
    service.send_signal(signal.SIGTERM)
    _, err = service.communicate(timeout=60)
    assert service.returncode == 0, err
    return err.decode()


def test_copies_that_were_left_are_removed(exporting, start):
    provider = start("openai")
    leave_a_copy(exporting, provider)
    service = start_service(exporting)
    wait_until(lambda: provider.files == {} and exporting.sent() == [], service)
    assert ended(service) == ""


def test_the_service_says_why_copies_stay(exporting, start):
    provider = start("openai")
    leave_a_copy(exporting, provider)
    service = start_service(exporting, OPENAI_API_KEY="")
    line = service.stderr.readline().decode()
    assert line.startswith("filestore: copies at AI providers cannot be removed") and "OPENAI_API_KEY" in line
    assert ended(service) == "" and len(provider.files) == 1
