"""The clock of a machine is set back, or on, while something waits to be told."""

import os
import subprocess

import pytest
from store import NOBODY_LISTENS, Store

DAY = 24 * 3600
PROGRAM = os.environ.get("FILESTORE_CLOCK_TOOL", "")


class Service:
    """A service in a process of its own, whose clock the test sets."""

    def __init__(self, store, url):
        command = [PROGRAM, store.tool.directory / "storage", store.project.table]
        environment = {**os.environ, **store.environment(url)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0

    def does(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


@pytest.mark.parametrize("shift", [-400 * DAY, 400 * DAY], ids=["back", "on"])
def test_what_waits_is_told(store, gateway, shift):
    with Service(store, gateway.url) as service:
        first = service.does("upload", "first")
        assert service.does("flush", 60) == "done"
        gateway.before = lambda request: (503, {}, b"")
        waiting = service.does("upload", "waiting")
        service.does("set", shift)
        second = service.does("upload", "second")
        gone = service.does("upload", "gone")
        assert service.does("delete", first) == service.does("delete", gone) == "done"
        gateway.before = lambda request: None
        # The pause after a failure is of seconds, whatever the clock says.
        assert service.does("flush", 30) == "done"
    assert store.project.rows() == store.recorded()
    assert {line.split(",")[0] for line in store.recorded()} == {first, waiting, second, gone}
    assert {line.split(",")[0] for line in store.recorded() if line.split(",")[2]} == {first, gone}
    assert store.status()["pending"] == store.status()["parked"] == 0


def test_another_process_goes_on_where_the_clock_was_set_back(store):
    """What was recorded at a time to come is no time to wait for."""
    with Service(store, NOBODY_LISTENS) as service:
        service.does("set", 400 * DAY)
        file_id = service.does("upload", "from-tomorrow")
    assert store.status()["pending"] == 1
    assert store.run("delete", file_id, "--flush", "30").err == b""
    assert store.project.rows() == store.recorded()
    (line,) = store.recorded()
    assert line.split(",")[2] and line.split(",")[2] < line.split(",")[1]
