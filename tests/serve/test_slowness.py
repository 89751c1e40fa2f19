"""Connections of clients that are too slow come to an end; those of clients that are only slow go on."""

import contextlib
import re
import signal
import time

import pytest
from access import configure, start
from command import assert_fails
from service import file_part, form
from tus_calls import BODY, append, begin_piece, content, create, offset_of
from waiting import wait_until

MIB = 1 << 20
LARGE = bytes(48 * MIB)
SECONDS_TO_END = 60
LIMITS = {"body_timeout": 2, "least_body": 2000}


def put_head(service, length=1_000_000):
    return f"PUT /files HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: {length}\r\n\r\n".encode()


def is_ended(connection):
    """Whether the service has closed it. What it says is read."""
    try:
        while connection.recv(65536, 0x40):
            pass
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def drip_until_closed(connection, bytes_each):
    """Sends a little now and then, until the service takes no more."""
    give_up = time.monotonic() + SECONDS_TO_END
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < give_up:
            connection.sendall(bytes_each)
            time.sleep(0.1)
        raise AssertionError("the connection is still there")


def test_a_body_that_drips(tool, local):
    """It is never idle."""
    service = start(tool, local, **LIMITS)
    with service.connect() as connection:
        connection.sendall(put_head(service))
        drip_until_closed(connection, b"x")
    chunked = put_head(service).replace(b"Content-Length: 1000000", b"Transfer-Encoding: chunked")
    with service.connect() as connection:
        connection.sendall(chunked)
        drip_until_closed(connection, b"1\r\nx\r\n")
    body, headers = form(file_part(bytes(1_000_000)))
    with service.connect() as connection:
        head = put_head(service, len(body)).replace(b"PUT /files", b"POST /upload")
        connection.sendall(head[:-2] + f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body[:300])
        drip_until_closed(connection, b"x")
    service.stop()
    assert local.stored() == {}


def test_a_body_that_is_only_slow(tool, local):
    """Each window has what it must have, and the whole takes many of them."""
    service = start(tool, local, body_timeout=2, least_body=100)
    body = bytes(50_000)
    with service.connect() as connection:
        connection.sendall(put_head(service, len(body)))
        for begin in range(0, len(body), 1000):
            connection.sendall(body[begin : begin + 1000])
            time.sleep(0.15)
        assert connection.recv(12) == b"HTTP/1.1 201"
    service.stop()
    assert list(local.stored().values()) == [body]


def test_no_limit(tool, local):
    service = start(tool, local, body_timeout=1, least_body=0)
    with service.connect() as connection:
        connection.sendall(put_head(service, 30))
        for _ in range(30):
            connection.sendall(b"x")
            time.sleep(0.15)
        assert connection.recv(12) == b"HTTP/1.1 201"


def test_a_piece_that_drips_keeps_what_came(tool, local):
    """Of an upload by tus, which goes on where it was cut."""
    service = start(tool, local, **LIMITS)
    place = create(service)
    connection = begin_piece(service, place, 0, BODY[:20_000])
    at = 20_000
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while not is_ended(connection):
            connection.sendall(BODY[at : at + 1])
            at += 1
            time.sleep(0.1)
    reached = offset_of(service, place)
    assert 20_000 <= reached <= at
    assert append(service, place, reached, BODY[reached:]).status == 204
    assert content(service, place) == BODY


def open_connections(service):
    return int(re.search(rb"\nfilestore_http_connections (\d+)\n", service.call("GET", "/metrics").body)[1])


def download(service, file_id):
    connection = service.connect()
    connection.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


@pytest.mark.parametrize("limits", [{"idle_timeout": 2, "least_body": 0}, LIMITS])
def test_a_download_that_nobody_reads(tool, local, limits):
    service = start(tool, local, **limits)
    file_id = service.upload(LARGE)
    with download(service, file_id) as connection:
        # But for the one that asks.
        wait_until(lambda: open_connections(service) == 1, service.process)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while got := connection.recv(MIB):
                received += len(got)
        assert received < len(LARGE)
    service.stop()


def test_a_download_that_is_only_slow(tool, local):
    """And larger than what the systems on both sides hold."""
    service = start(tool, local, body_timeout=2, least_body=100)
    file_id = service.upload(LARGE)
    with download(service, file_id) as connection:
        received = 0
        answer = connection.makefile("rb")
        while received < len(LARGE):
            got = answer.read(MIB)
            assert got, received
            received += len(got)
            time.sleep(0.1)


def test_a_head_that_drips(tool, local):
    service = start(tool, local, head_timeout=2)
    with service.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        drip_until_closed(connection, b"x")


def test_an_idle_connection(tool, local):
    service = start(tool, local, idle_timeout=2)
    with service.connect() as connection:
        assert connection.recv(1) == b""


def test_limits_are_read_again(tool, local):
    service = start(tool, local)
    configure(tool, local, head_timeout=2)
    service.process.send_signal(signal.SIGHUP)
    wait_until(lambda: is_limited(service), service.process)


def is_limited(service):
    with service.connect() as connection:
        connection.settimeout(4)
        try:
            return connection.recv(1) == b""
        except TimeoutError:
            return False


@pytest.mark.parametrize("name", ["connections", "idle_timeout", "head_timeout", "body_timeout"])
@pytest.mark.parametrize("value", [0, -1, "soon", 1_000_001])
def test_limits_that_cannot_be_right(tool, local, name, value):
    config = configure(tool, local, **{name: value})
    assert_fails(tool.run("serve", "--config", config, "--listen", "127.0.0.1:0"), 2, "whole number from 1 to 1000000", str(config))
