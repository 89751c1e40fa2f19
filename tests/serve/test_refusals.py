"""Large uploads that are refused: the client reads why, however it sends, and nobody keeps its bytes."""

import contextlib
import http.client
import os
import random
import re
import socket
import struct
import subprocess
import tempfile
import threading

import pytest
from access import bearer, new_key, start
from service import BOUNDARY, Service, file_part, form_body
from test_access import certificate  # noqa: F401
from test_memory import peak

MIB = 1 << 20
SIZE = 64 * MIB
ALLOWED = 48 * MIB
HEAD, TAIL = form_body(file_part(b"CONTENT", name="a.png", content_type="image/png")).split(b"CONTENT")
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
PAGE = b"<html><script>alert(1)</script></html>"
# By the head where that decides: else while bytes come.
BY_HEAD = {
    "too large": ("PUT", "/files?filename=a.txt", "text/plain", b"", b"", 413),
    "too large, by form": ("POST", "/upload", FORM_TYPE, HEAD, TAIL, 413),
    "a name": ("PUT", "/files?filename=a.exe", "text/plain", b"", b"", 415),
    "a declared type": ("PUT", "/files?filename=a", "image/gif", b"", b"", 415),
    "nothing there": ("POST", "/nothing", "text/plain", b"", b"", 404),
    "a foreign page": ("PUT", "/files", "text/plain", b"", b"", 403),
}
WHILE_IT_COMES = {
    "a type": ("PUT", "/files?filename=a.png", "image/png", PAGE, b"", 415),
    "a type, by form": ("POST", "/upload", FORM_TYPE, HEAD + PAGE, TAIL, 415),
}


def sent_by_socket(service, method, path, headers, pieces):
    """A client that reads nothing before it has sent everything."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {service.address}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with service.connect() as connection:
        connection.sendall(f"{head}\r\n".encode())
        for piece in pieces:
            connection.sendall(piece)
        answer = connection.makefile("rb").read()
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    return int(answer.split(b" ")[1]), answer


def sent_by_library(service, method, path, headers, pieces):
    connection = http.client.HTTPConnection(service.host, service.port, timeout=60)
    connection.request(method, path, iter(pieces), headers)
    response = connection.getresponse()
    return response.status, response.read()


def sent_by_curl(service, method, path, headers, pieces):
    sent = [argument for name, value in headers.items() if name != "Content-Length" for argument in ("--header", f"{name}: {value}")]
    command = ["curl", "--silent", "--show-error", "--include", "--request", method, *sent, f"http://{service.address}{path}"]
    with tempfile.NamedTemporaryFile() as file:
        file.writelines(pieces)
        file.flush()
        ended = subprocess.run([*command, "--upload-file", file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # That it stopped sending is no failure.
    assert ended.stdout, ended
    return int(re.findall(rb"HTTP/1\.1 (\d+) ", ended.stdout)[-1]), ended.stdout


CLIENTS = {"socket": sent_by_socket, "library": sent_by_library, "curl": sent_by_curl}


def pieces_of(begin, end):
    rest = SIZE - len(begin) - len(end)
    block = b"x" * MIB
    return [begin, *[block] * (rest // MIB), block[: rest % MIB], end]


RULES = {"type_policy": "strict", "denied_extensions": ["exe"], "denied_types": ["image/gif"]}


@pytest.fixture
def strict(tool, local):
    return start(tool, local, sections={"validation": {**RULES, "max_size": 40 * MIB}})


@pytest.fixture
def by_type(tool, local):
    return start(tool, local, sections={"validation": RULES})


@pytest.fixture
def refusing(tool, local, case):
    """By the rule of the case, and no other."""
    size = {"max_size": 40 * MIB} if BY_HEAD[case][-1] == 413 else {}
    return start(tool, local, sections={"validation": {**RULES, **size}})


def assert_took_little_memory(service):
    if not os.environ.get("FILESTORE_SANITIZED"):
        assert peak(service) <= ALLOWED


def answer_to_length(service, length):
    with service.connect() as connection:
        connection.sendall(f"PUT /files?filename=a.txt HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: {length}\r\n\r\n".encode())
        return connection.makefile("rb").read()


@pytest.mark.parametrize("length", [2**63, 2**64 - 2])
def test_a_size_that_no_store_takes(service, local, length):
    answer = answer_to_length(service, length)
    assert answer.startswith(b"HTTP/1.1 413 ") and str(length).encode() in answer, answer
    service.stop()
    local.assert_empty()


def test_a_size_that_s3_does_not_take(tool, gateway):
    service = Service.of_tool(tool, gateway)
    answer = answer_to_length(service, 5 * 1024**4 + 1)
    assert answer.startswith(b"HTTP/1.1 413 ") and str(5 * 1024**4).encode() in answer, answer
    service.stop()
    assert gateway.stored() == {}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("case", BY_HEAD)
def test_refused_by_the_head(refusing, local, case, client):
    method, path, kind, begin, end, status = BY_HEAD[case]
    headers = {"Content-Type": kind, "Content-Length": str(SIZE), **({"Origin": "http://evil.example"} if status == 403 else {})}
    answered, answer = CLIENTS[client](refusing, method, path, headers, pieces_of(begin, end))
    assert answered == status, answer[:500]
    assert_took_little_memory(refusing)
    refusing.stop()
    local.assert_empty()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("case", WHILE_IT_COMES)
def test_refused_while_bytes_come(by_type, local, case, length, client):
    method, path, kind, begin, end, status = WHILE_IT_COMES[case]
    pieces = pieces_of(begin, end)
    if length:
        headers = {"Content-Length": str(SIZE)}
    else:
        headers = {"Transfer-Encoding": "chunked"}
        if client == "socket":
            pieces = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece] + [b"0\r\n\r\n"]
    if client == "library" and not length:
        pieces = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece] + [b"0\r\n\r\n"]
    answered, answer = CLIENTS[client](by_type, method, path, {"Content-Type": kind, **headers}, pieces)
    assert answered == status, answer[:500]
    assert b"text/html" in answer
    assert_took_little_memory(by_type)
    by_type.stop()
    local.assert_empty()


def test_the_answer_comes_before_the_end(by_type):
    """To a client that reads while it sends; as of any answer it ends and closes, with the headers that all have."""
    with by_type.connect() as connection:
        connection.sendall(f"PUT /files?filename=a.png HTTP/1.1\r\nHost: {by_type.address}\r\nContent-Type: image/png\r\nContent-Length: 100000000000\r\n\r\n".encode())
        connection.sendall(PAGE + b"x" * 3 * MIB)
        answer = connection.makefile("rb").read()
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 415 Unsupported Media Type\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert headers[b"content-length"] == str(len(body)).encode() and headers[b"connection"] == b"close"
    assert headers[b"content-type"] == b"application/problem+json" and headers[b"x-content-type-options"] == b"nosniff" and headers[b"date"]
    by_type.stop()


REFUSED_IN_THE_MIDST = {
    "a size, by form": ("POST", "/upload", FORM_TYPE, HEAD),
    "a type, by body": ("PUT", "/files?filename=a.png", "image/png", PAGE),
}


@pytest.mark.parametrize("case", REFUSED_IN_THE_MIDST)
def test_clients_that_reset_while_they_are_refused(tool, local, case):
    """Some of them before the answer is put on their connections."""
    method, path, kind, begin = REFUSED_IN_THE_MIDST[case]
    service = start(tool, local, sections={"validation": {"type_policy": "strict", "max_size": 1000} if kind == FORM_TYPE else RULES})
    head = f"{method} {path} HTTP/1.1\r\nHost: {service.address}\r\nContent-Type: {kind}\r\nContent-Length: {12 * MIB}\r\n\r\n".encode()
    random.seed(1)

    def reset(size):
        with contextlib.suppress(OSError), service.connect() as connection:
            connection.sendall(head + begin)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.settimeout(0.5)
            connection.sendall(b"x" * size)

    for _ in range(200):
        clients = [threading.Thread(target=reset, args=(random.choice([500_000, 900_000, 1_500_000, 2_000_000]),)) for _ in range(4)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    assert service.call("GET", "/healthz").status == 200
    service.stop()
    local.assert_empty()


def test_over_tls(tool, local, certificate, tmp_path):  # noqa: F811
    """Also where nothing can be put beside what the library sends."""
    tls = {"certificate": str(certificate / "public.crt"), "key": str(certificate / "private.key")}
    service = start(tool, local, tls=tls, sections={"validation": {"type_policy": "strict", "max_size": 100 * MIB}})
    service.trusted = str(tmp_path / "ca.pem")
    for size, status in ((SIZE, 415), (200 * MIB, 413)):
        answer = service.call("PUT", "/files?filename=a.png", PAGE + b"x" * size, {"Content-Type": "image/png"})
        assert answer.status == status, answer
    service.stop()


def test_refused_without_a_key(tool, local):
    _, entry = new_key(tool)
    service = start(tool, local, keys=[entry])
    for send in CLIENTS.values():
        assert send(service, "PUT", "/files", {"Content-Length": str(SIZE)}, pieces_of(b"", b""))[0] == 401
    reader, entry = new_key(tool, scopes=["read"])
    service = start(tool, local, keys=[entry])
    for send in CLIENTS.values():
        assert send(service, "PUT", "/files", {"Content-Length": str(SIZE), **bearer(reader)}, pieces_of(b"", b""))[0] == 403


@pytest.mark.parametrize("case", BY_HEAD)
def test_who_asks_first_is_not_told_to_go_on(refusing, case):
    method, path, kind, _, _, status = BY_HEAD[case]
    foreign = "Origin: http://evil.example\r\n" if status == 403 else ""
    with refusing.connect() as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: {refusing.address}\r\nContent-Type: {kind}\r\n{foreign}Content-Length: {SIZE}\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.makefile("rb").read()
    assert re.findall(rb"HTTP/1\.1 (\d+) ", answer) == [str(status).encode()]


def test_a_form_that_is_longer_than_its_file_may_be(strict, local):
    """Other parts have room, too."""
    body = form_body(file_part(bytes(8 * MIB), field="other"), file_part(b"x" * 36 * MIB, name="a.txt"))
    answer = strict.call("POST", "/upload", body, {"Content-Type": FORM_TYPE})
    assert answer.status == 200, answer
    assert list(local.stored().values()) == [b"x" * 36 * MIB]
