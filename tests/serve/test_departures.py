"""Clients that close their connections while they wait for an answer. What they asked for is done whole or not at all, and nothing of them stays."""

import contextlib
import os
import subprocess

import pytest
from departing import BODY, ask, in_use_at_rest, leave, request, uploads
from relay import Relay
from service import Service
from waiting import wait_until


def intents(store):
    return store.catalogue.rows("SELECT * FROM intents")


def assert_rows_have_bytes(store):
    recorded = {file_id for file_id, _, is_deleted in store.catalogue.events() if not is_deleted}
    assert recorded <= set(store.stored())
    store.catalogue.assert_nothing_open()


@contextlib.contextmanager
def slow_disk(service, trace):
    """Each flush takes its time."""
    flushes = "fsync,fdatasync,syncfs"
    slow = ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={flushes}", "-e", f"inject={flushes}:delay_enter=200000"]
    strace = subprocess.Popen([*slow, "-p", str(service.process.pid)])
    try:
        wait_until(lambda: "TracerPid:\t0\n" not in open(f"/proc/{service.process.pid}/status").read(), service.process)
        yield
    finally:
        strace.terminate()
        strace.wait()


@pytest.mark.parametrize("by_reset", [False, True])
def test_while_an_upload_is_committed(tool, local, tmp_path, by_reset):
    # Who looks for leaks cannot be traced.
    local.environment = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    service = Service.of_tool(tool, local)
    before = in_use_at_rest(service)
    with slow_disk(service, tmp_path / "trace"):
        connections = ask(service, uploads(service))
        wait_until(lambda: intents(local) != [], service.process)
        leave(connections, by_reset)
        assert intents(local) != []
        wait_until(lambda: service.descriptors() <= before, service.process)

    def is_settled():
        """Intents are kept for uploads to come while several are under way: one alone leaves none."""
        service.upload(BODY)
        return intents(local) == []

    wait_until(is_settled, service.process)
    kept = service.upload(BODY)
    assert service.call("GET", f"/download/{kept}").body == BODY
    stored = set(local.stored())
    assert stored == {file_id for file_id, _, is_deleted in local.catalogue.events() if not is_deleted}
    for file_id in stored:
        assert service.call("DELETE", f"/delete/{file_id}").status == 200
    service.stop()
    local.assert_empty()


@pytest.mark.parametrize("by_reset", [False, True])
def test_while_s3_is_slow(tool, gateway, tmp_path, by_reset):
    spool = tmp_path / "spool"
    spool.mkdir()
    gateway.environment["TMPDIR"] = str(spool)
    with contextlib.closing(Relay(gateway.server["FILESTORE_S3_ENDPOINT"])) as relay:
        gateway.options = gateway.options_with(endpoint=relay.endpoint)
        service = Service.of_tool(tool, gateway)
        kept, deleted = service.upload(BODY), service.upload(BODY)

        def own():
            """Descriptors, but for kept connections to the store."""
            return service.descriptors() - relay.open

        in_use_at_rest(service)
        before = own()
        relay.hold()
        reads = [request(service, "GET", path) for path in (f"/download/{kept}", f"/files/{kept}", "/files")]
        connections = ask(service, [*uploads(service), *reads, request(service, "DELETE", f"/delete/{deleted}")])
        wait_until(lambda: relay.held > 0, service.process)
        leave(connections, by_reset)
        if by_reset:
            # Nobody waits for the store on behalf of who has gone.
            wait_until(lambda: own() <= before, service.process)
        assert relay.held > 0
        relay.release()
        wait_until(lambda: own() <= before, service.process)
        assert service.call("GET", f"/download/{kept}").body == BODY
        assert service.call("GET", f"/download/{service.upload(BODY)}").body == BODY
        service.stop()
    assert_rows_have_bytes(gateway)
    assert list(spool.iterdir()) == [] and list(tool.directory.iterdir()) == []
