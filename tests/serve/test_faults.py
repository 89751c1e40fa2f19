"""Clients that go away in the middle, are slow, or send what is none."""

import contextlib
import random
import resource
import socket
import struct
import threading
import time

import pytest
from access import configure
from command import LONG
from service import Service, file_part, form
from stores import LocalStore
from waiting import wait_until

SEED = 20261129
CUTS = 10_000 if LONG else 400
CLIENTS = 8
BODY = random.Random(SEED).randbytes(300_000)
DRIPPING = 1000
# Beside them, and how often each of these uploads, reads and deletes.
NORMAL, ROUNDS = 100, 10 if LONG else 3


def wait_for_quiet(service, before):
    """Until the service holds no more descriptors than before."""
    wait_until(lambda: service.descriptors() <= before, service.process)


def upload_requests(service):
    body, headers = form(file_part(BODY))
    head = f"POST /upload HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: {len(body)}\r\nContent-Type: {headers['Content-Type']}\r\n\r\n"
    yield head.encode() + body
    yield f"PUT /files HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY
    chunk = b"%x\r\n%s\r\n" % (len(BODY) // 3, BODY[: len(BODY) // 3])
    chunked = f"Host: {service.address}\r\nTransfer-Encoding: chunked\r\n"
    yield f"PUT /files HTTP/1.1\r\n{chunked}\r\n".encode() + 3 * chunk + b"0\r\n\r\n"
    third = len(body) // 3
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:third], body[third:]))
    yield f"POST /upload HTTP/1.1\r\n{chunked}Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + chunks + b"0\r\n\r\n"


def close(connection, by_reset):
    if by_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def in_threads(work, pieces, clients=CLIENTS):
    failures = []

    def client(own):
        try:
            for piece in own:
                work(piece)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=client, args=(pieces[number::clients],)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_cut_uploads_leave_nothing(service, tool, local):
    service.call("DELETE", f"/delete/{service.upload(BODY)}")
    before = service.descriptors()
    requests = list(upload_requests(service))
    chance = random.Random(SEED)
    cuts = []
    for _ in range(CUTS):
        request = chance.choice(requests)
        # Half of them near the end, where there is little left that could tell.
        near = chance.random() < 0.5
        cuts.append((request[: len(request) - chance.randint(1, 150 if near else len(request) - 1)], chance.random() < 0.5))

    def cut_off(piece):
        sent, by_reset = piece
        connection = service.connect()
        connection.sendall(sent)
        close(connection, by_reset)

    in_threads(cut_off, cuts)
    wait_for_quiet(service, before)
    # Of more cut uploads at once than the store undoes in a few seconds, each upload that succeeds sees to some of the rest.
    while True:
        file_id = service.upload(b"still there")
        if local.catalogue.rows("SELECT * FROM intents") == []:
            break
        assert service.call("DELETE", f"/delete/{file_id}").status == 200
    service.stop()
    assert local.stored() == {file_id: b"still there"}
    assert [deleted for _, _, deleted in local.catalogue.events()].count(False) == 1
    assert tool.run("delete", file_id, *local.options).code == 0
    local.assert_empty()


def test_whole_requests_of_the_same_kind_are_stored(service, local):
    """So that the cuts above are of requests that would have been good."""
    for request in upload_requests(service):
        with service.connect() as connection:
            connection.sendall(request)
            assert connection.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 201")
    assert len(local.stored()) == 4


def test_cut_downloads_leave_nothing_open(service):
    file_id = service.upload(BODY * 20)
    before = service.descriptors()
    chance = random.Random(SEED)
    wanted = [(chance.randint(0, len(BODY) * 20), chance.random() < 0.5) for _ in range(CUTS // 4)]

    def read_some(piece):
        count, by_reset = piece
        connection = service.connect()
        connection.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
        while count > 0 and (got := connection.recv(min(count, 65536))):
            count -= len(got)
        close(connection, by_reset)

    in_threads(read_some, wanted)
    wait_for_quiet(service, before)
    assert service.call("GET", f"/download/{file_id}").body == BODY * 20
    service.stop()


def test_slow_clients_keep_nobody_up(service, local):
    """Heads, bodies and answers that come to no end, while others go on."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    large = service.upload(BODY * 50)
    requests = list(upload_requests(service))
    slow = []
    for number in range(DRIPPING):
        connection = service.connect()
        request = requests[number % len(requests)]
        if number % 3 == 0:
            connection.sendall(request[:20])
        elif number % 3 == 1:
            connection.sendall(request[: len(request) // 2])
        else:
            connection.sendall(f"GET /download/{large} HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
        slow.append((connection, request, number % 3))
    served = []

    def use(number):
        own = BODY + str(number).encode()
        file_id = service.upload(own)
        assert service.call("GET", f"/download/{file_id}").body == own
        assert service.call("DELETE", f"/delete/{file_id}").status == 200
        served.append(number)

    def drip(rounds):
        for round in rounds:
            for connection, request, kind in slow:
                if kind == 0:
                    connection.sendall(request[20 + round : 21 + round])
            time.sleep(0.1)

    dripping = threading.Thread(target=drip, args=(range(20),))
    dripping.start()
    in_threads(use, range(NORMAL * ROUNDS), NORMAL)
    dripping.join()
    assert len(served) == NORMAL * ROUNDS
    # They were there to the end.
    assert service.descriptors() > DRIPPING
    # Those that are slow are served in the end.
    connection, request, _ = slow[0]
    connection.sendall(request[40:])
    assert connection.recv(12) == b"HTTP/1.1 200"
    for connection, _, _ in slow:
        connection.close()
    service.stop()
    assert set(local.stored().values()) == {BODY, BODY * 50}


def test_no_more_connections_than_there_are_descriptors_for(tool, local):
    """Each is counted with what a call of the store opens for it; beside them is room for what the service has itself, and for sockets that linger."""
    descriptors_allowed, own, lingering, of_connection = 1000, 64, 2 * 256, 3
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors_allowed, descriptors_allowed))}
    service = Service(tool.start("serve", "--listen", "127.0.0.1:0", *local.options, **limit), local.base)
    needed = own + lingering + of_connection * 2000
    told = service.process.stderr.readline().decode()
    for word in (f" {(descriptors_allowed - own - lingering) // of_connection} connections", " 2000", f"ulimit -n {needed}", f"LimitNOFILE={needed}"):
        assert word in told, told

    def ask():
        connection = service.connect()
        connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
        return connection

    served = [ask() for _ in range((descriptors_allowed - own - lingering) // of_connection)]
    for connection in served:
        assert connection.recv(12) == b"HTTP/1.1 200"
    waiting = ask()
    waiting.settimeout(1)
    with pytest.raises(TimeoutError):
        waiting.recv(12)
    served[0].close()
    # Sooner than an idle connection ends.
    waiting.settimeout(20)
    assert waiting.recv(12) == b"HTTP/1.1 200"
    service.stop()


@pytest.mark.parametrize("descriptors_allowed", [256, 512, 64 + 512 + 15 * 3])
def test_a_service_for_hardly_a_connection_does_not_begin(tool, local, descriptors_allowed):
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors_allowed, descriptors_allowed))}
    process = tool.start("serve", "--listen", "127.0.0.1:0", *local.options, **limit)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, b"") and f"limit of {descriptors_allowed} open files".encode() in err and b"ulimit -n" in err, err
    assert not local.base.exists()


def test_a_service_for_few_connections_may_be_wanted(tool, local):
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (600, 600))}
    config = configure(tool, local, connections=8)
    service = Service(tool.start("serve", "--config", config, "--listen", "127.0.0.1:0", **limit), local.base)
    assert service.call("GET", "/healthz").status == 200
    service.stop()


NO_REQUESTS = [
    b"",
    b"\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 5000,
    b"A" * 300_000,
    b"PUT /files HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\nx",
    b"PUT /files HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999999999999\r\n\r\nx",
    b"PUT /files HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1x\r\n\r\nx",
    b"PUT /files HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    b"PUT /files HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n",
    b"PUT /files HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
    b"PUT /files HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
]


if LONG:

    def test_a_head_that_takes_too_long(service):
        """A byte now and then, which is never idle for a minute, does not keep a connection."""
        connection = service.connect()
        connection.settimeout(0.5)
        give_up = time.monotonic() + 100
        while time.monotonic() < give_up:
            try:
                connection.sendall(b"X")
                assert connection.recv(1) == b""
                return
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                return
        raise AssertionError("the connection is still there")


@pytest.mark.parametrize("number", range(len(NO_REQUESTS)))
def test_what_is_no_request(service, local, number):
    connection = service.connect()
    # Some it cuts off at once, unread.
    answer = b""
    with contextlib.suppress(OSError):
        connection.sendall(NO_REQUESTS[number].replace(b"{host}", service.address.encode()))
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    # libmicrohttpd tells versions that it does not speak by 505.
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4" or answer.startswith(b"HTTP/1.1 505 "), answer[:200]
    assert service.call("GET", "/healthz").status == 200
    service.stop()
    local.assert_empty()


def test_a_refused_upload_does_not_cost_the_connection(service):
    """The answer to a small body that nobody wanted leaves the connection as it was."""
    with service.connect() as connection:
        for _ in range(3):
            connection.sendall(f"POST /nothing HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: 100000\r\n\r\n".encode() + bytes(100_000))
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 404 ") and b"connection: close" not in answer.lower()


def test_a_large_upload_that_is_refused_is_not_waited_for(service):
    with service.connect() as connection:
        connection.sendall(f"POST /nothing HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: 100000000000\r\n\r\n".encode())
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 404 ")


def test_a_client_that_asks_first_is_told_before_it_sends(service):
    head = f"Host: {service.address}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    with service.connect() as connection:
        connection.sendall(f"POST /nothing HTTP/1.1\r\n{head}".encode())
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 404 ")
    with service.connect() as connection:
        connection.sendall(f"PUT /files HTTP/1.1\r\n{head}".encode())
        assert connection.recv(12) == b"HTTP/1.1 100"
        connection.recv(1000)
        connection.sendall(b"hello")
        assert connection.recv(12) == b"HTTP/1.1 201"


def test_a_store_without_room(tool, tmp_path):
    """What is left of a body is read, so that the client comes to read why it was refused."""
    store = LocalStore(tmp_path)
    service = Service.of_tool(tool, store)
    service.upload(b"x")
    limit = 8 * 1024 * 1024
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    for answer, status in (
        (service.call("POST", "/upload", *form(file_part(bytes(2 * limit)))), 500),
        (service.call("PUT", "/files", bytes(2 * limit)), 507),
    ):
        assert answer.status == status, answer
    assert service.call("PUT", "/files", b"small").status == 201
    service.stop()
    assert sorted(store.stored().values()) == [b"small", b"x"]
