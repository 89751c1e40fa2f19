"""What the service says on standard error of a project that it cannot tell of files."""

import signal

import pytest
import yaml
from service import Service
from store import Store
from waiting import wait_until

CANNOT = "the audit server cannot be told of files, which wait until it can: "
AGAIN = "the audit server is told of files again"


def next_line(service):
    line = service.process.stderr.readline().decode()
    assert line, service.process.poll()
    return line.removeprefix("filestore: ").rstrip("\n")


class Place:
    def __init__(self, tool, project, gateway):
        self.tool, self.project, self.gateway = tool, project, gateway
        self.config = tool.directory / "storage.yaml"

    def configure(self, key):
        audit = {"url": self.gateway.url, "key": key, "table": self.project.table}
        self.config.write_text(yaml.safe_dump({"storage": {"audit": audit}}))
        self.config.chmod(0o600)

    def start(self, key):
        self.configure(key)
        return Service(self.tool.start("serve", "--config", self.config, "--listen", "127.0.0.1:0"), self.tool.directory / "storage")

    def wait_for_attempts(self, service, count):
        wanted = len(self.gateway.requests) + count
        wait_until(lambda: len(self.gateway.requests) >= wanted, service.process)

    def wait_for_rows(self, service, ids):
        wait_until(lambda: {line.split(",")[0] for line in self.project.rows()} == set(ids), service.process)


@pytest.fixture
def place(tool, project, gateway):
    return Place(tool, project, gateway)


def test_a_key_whose_time_is_over(place):
    """It is said once, and again when the key is right, without the key."""
    service = place.start(place.project.ended_key)
    ids = [service.upload(b"x"), service.upload(b"y")]
    line = next_line(service)
    assert line.startswith(CANNOT) and place.project.ended_key not in line
    place.wait_for_attempts(service, 3)
    place.configure(place.project.service_key)
    service.process.send_signal(signal.SIGHUP)
    assert {next_line(service), next_line(service)} == {"the configuration was read again", AGAIN}
    place.wait_for_rows(service, ids)
    service.stop()


def test_a_table_without_a_unique_index_and_then_an_outage(place):
    """Each reason is said, and that it goes again, without a reload."""
    table = place.project.table
    (index,) = place.project.sql(f"select conname from pg_constraint where conrelid = 'public.{table}'::regclass and contype in ('p', 'u')")
    place.project.sql(f"alter table public.{table} drop constraint {index}")
    service = place.start(place.project.service_key)
    ids = [service.upload(b"x")]
    line = next_line(service)
    assert line.startswith(CANNOT) and "42P10" in line and place.project.service_key not in line
    place.wait_for_attempts(service, 2)
    place.gateway.before = lambda request: (502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>")
    line = next_line(service)
    assert line.startswith(CANNOT) and "502" in line
    place.wait_for_attempts(service, 2)
    place.project.sql(f"alter table public.{table} add constraint {index} primary key (file_id)")
    place.gateway.before = lambda request: None
    assert next_line(service) == AGAIN
    ids.append(service.upload(b"y"))
    place.wait_for_rows(service, ids)
    service.stop()
