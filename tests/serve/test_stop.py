"""How the service ends."""

import contextlib
import http.client
import os
import pathlib
import signal
import sqlite3
import subprocess
import threading
import time

import pytest
from bad_servers import server_that_stalls, store_options
from command import assert_fails
from service import Service, file_part, form
from waiting import wait_until

BODY = bytes(range(256)) * 4000


def has_begun(local):
    """Whether the store knows of an upload."""
    try:
        return local.catalogue.rows("SELECT * FROM intents") != []
    except sqlite3.OperationalError:
        return False


def begin_upload(service, local, path="/upload", sent=len(BODY) // 2):
    """A connection on which a part of an upload was sent that the store knows of, and what is left to send."""
    body, headers = form(file_part(BODY)) if path == "/upload" else (BODY, {})
    method = "POST" if path == "/upload" else "PUT"
    head = f"{method} {path} HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection = service.connect()
    connection.sendall(head.encode() + b"\r\n" + body[:sent])
    wait_until(lambda: has_begun(local), service.process)
    return connection, body[sent:]


def refuses_connections(service):
    """Refused, or cut off: what waits to be accepted is reset when the service closes its socket."""
    try:
        service.connect().close()
        return False
    except (ConnectionRefusedError, ConnectionResetError):
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_service_ends_at_once(service, number):
    idle = service.connect()
    service.upload(BODY)
    begun = time.monotonic()
    service.stop(number)
    assert time.monotonic() - begun < 20
    assert idle.recv(1) == b""


def test_requests_that_come_meanwhile_do_not_hinder_the_stop(tool, local, tmp_path):
    """Each change of what is listened to takes its time, so that connections are looked at meanwhile."""
    # Who looks for leaks cannot be traced.
    local.environment = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    service = Service.of_tool(tool, local)
    slow = ["strace", "-f", "-qq", "-o", tmp_path / "trace", "-e", "trace=epoll_ctl", "-e", "inject=epoll_ctl:delay_exit=300000"]
    strace = subprocess.Popen([*slow, "-p", str(service.process.pid)])
    try:
        wait_until(lambda: is_traced(service.process.pid), service.process)
        client = threading.Thread(target=ask_until_refused, args=(service,))
        client.start()
        service.stop()
        client.join()
    finally:
        strace.terminate()
        strace.wait()


def is_traced(pid):
    statuses = [status.read_text() for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]
    return all("TracerPid:\t0\n" not in status for status in statuses)


def ask_until_refused(service):
    connection = http.client.HTTPConnection(service.host, service.port)
    with contextlib.suppress(http.client.HTTPException, OSError):
        while True:
            connection.request("GET", "/openapi.json")
            connection.getresponse().read()


@pytest.mark.parametrize("path", ["/upload", "/files"])
def test_an_upload_under_way_comes_to_its_end(service, local, path):
    connection, rest = begin_upload(service, local, path)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(service), service.process)
    connection.sendall(rest)
    answer = connection.makefile("rb").read()
    assert answer.split(b" ")[1] in (b"200", b"201")
    assert b"connection: close" in answer.lower()
    service.ended()
    assert list(local.stored().values()) == [BODY]
    local.catalogue.assert_nothing_open()


def test_a_download_under_way_comes_to_its_end(service):
    large = bytes(8_000_000)
    file_id = service.upload(large)
    connection = service.connect()
    connection.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
    reader = connection.makefile("rb")
    assert reader.read(12) == b"HTTP/1.1 200"
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(service), service.process)
    answer = reader.read()
    assert answer.split(b"\r\n\r\n", 1)[1] == large
    service.ended()


@pytest.mark.parametrize("path", ["/upload", "/files"])
def test_a_second_signal_cuts_an_upload_off(service, local, path):
    connection, _ = begin_upload(service, local, path)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(service), service.process)
    service.stop()
    assert connection.makefile("rb").read() == b""
    local.assert_empty()


def test_a_second_signal_cuts_a_download_off(service):
    file_id = service.upload(bytes(50_000_000))
    connection = service.connect()
    connection.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
    assert connection.recv(12)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(service), service.process)
    service.stop()


def test_the_end_waits_for_half_a_minute(service, local):
    connection, _ = begin_upload(service, local)
    begun = time.monotonic()
    service.stop()
    assert time.monotonic() - begun >= 29
    assert connection.makefile("rb").read() == b""
    local.assert_empty()


def test_a_service_that_was_killed_leaves_nothing(service, tool, local):
    connection, _ = begin_upload(service, local)
    service.process.kill()
    service.process.communicate()
    assert tool.run("list", *local.options).out == b""
    assert tool.run("upload", "-", *local.options, stdin=b"x").code == 0
    assert list(local.stored().values()) == [b"x"]


def test_many_calls_at_once(service, local):
    """Each with connections of its own, by threads, until the service is told to end in the middle of them."""
    acknowledged, refused = [], []

    def client():
        while True:
            try:
                acknowledged.append(service.upload(BODY))
            except Exception as failure:
                refused.append(failure)
                return

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) > 40, service.process)
    service.stop()
    for thread in threads:
        thread.join()
    stored = local.stored()
    assert set(acknowledged) <= set(stored)
    assert all(body == BODY for body in stored.values())
    # What was stored and not acknowledged had its answer cut off.
    assert len(stored) - len(acknowledged) <= len(refused)
    local.catalogue.assert_nothing_open()


def test_a_service_that_cannot_be_started(tool, local):
    """It is to clean up by itself, and has no catalogue to keep track in."""
    outcome = tool.run("serve", "--listen", "127.0.0.1:0", "--option", "cleanup_enabled=true", "--option", "catalogue_path=off", *local.options)
    assert_fails(outcome, 2, "catalogue")


def test_standard_output_that_cannot_be_written(tool, local):
    with open("/dev/full", "wb") as full:
        outcome = tool.run("serve", "--listen", "127.0.0.1:0", *local.options, stdout=full)
    assert outcome.code == 1 and b"standard output" in outcome.err, outcome


def test_json(tool, local):
    process = tool.start("serve", "--listen", "[::1]:0", "--json", *local.options)
    line = process.stdout.readline()
    assert line.startswith(b'{"listening":"http://[::1]:') and line.endswith(b'"}\n'), line
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


@pytest.mark.parametrize("reloaded", [False, True])
def test_a_store_that_hangs_does_not_keep_the_service(tool, tmp_path, reloaded):
    """Also where the call of the store goes on without its client, and without the server that took it."""
    config = tmp_path / "storage.yaml"
    config.write_text("storage: {serve: {connections_of_address: 50}}")
    with server_that_stalls() as server:
        options, environment = store_options(server.endpoint, tmp_path / "catalogue.sqlite")
        limits = ["--option", "stall_timeout=3600", "--option", "first_byte_timeout=3600"]
        process = tool.start("serve", "--config", config, "--listen", "127.0.0.1:0", *options, *limits, environment=environment)
        service = Service(process, tmp_path)
        with service.connect() as connection:
            lines = [f"Host: {service.address}", "Tus-Resumable: 1.0.0", "Upload-Length: 5", "Content-Length: 5", "Content-Type: application/offset+octet-stream"]
            connection.sendall("\r\n".join(["POST /uploads HTTP/1.1", *lines, "", "ab"]).encode())
            wait_until(server.broke_off.is_set, service.process)
            if not reloaded:
                end_by_signal(service)
                return
        config.write_text("storage: {serve: {connections_of_address: 60}}")
        service.process.send_signal(signal.SIGHUP)
        assert b"read again" in service.process.stderr.readline()
        # Longer than the main thread takes to look whether the old server is still needed.
        time.sleep(3)
        end_by_signal(service)


def end_by_signal(service):
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(service), service.process)
    service.stop()
