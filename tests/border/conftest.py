"""The programs of this directory, with an S3 server behind TLS and one that goes away."""

import contextlib
import os
import pathlib
import random
import socket
import ssl
import struct
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "servers"))

import certificates

SECONDS = 300


class Front:
    """Accepts connections, over TLS where it is given a context, and hands each to `serve` on a thread."""

    def __init__(self, serve, context=None):
        self._serve, self._context = serve, context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=[connection], daemon=True).start()

    def _greet(self, connection):
        # A client that goes away is no concern of ours.
        with contextlib.suppress(OSError, ssl.SSLError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._serve(connection)

    def close(self):
        # Wakes accept(), which close() does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def hand_on(source, target):
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def forward_to(port):
    def serve(connection):
        with socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=hand_on, args=[server, connection], daemon=True)
            back.start()
            hand_on(connection, server)
            back.join()

    return serve


def go_away(connection):
    """In the middle of a body, by a reset."""
    received = 0
    while received < 200_000:
        data = connection.recv(1 << 16)
        if not data or data.startswith((b"HEAD", b"GET", b"DELETE")):
            break
        if b"100-continue" in data:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        received += len(data)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def be_silent(connection):
    while connection.recv(1 << 16):
        pass


def server_variables():
    lines = (pathlib.Path(os.environ["FILESTORE_TEST_SERVERS"]) / "versitygw.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The file of the authority's certificate, beside the directory of the server's."""
    directory = tmp_path_factory.mktemp("certificates")
    certificates.make(directory / "authority.crt", directory / "server", [])
    return directory / "authority.crt"


@pytest.fixture
def front(authority):
    """Makes servers: front(serve, tls=None or a version of TLS); where they are."""
    fronts = []

    def make(serve, tls=None):
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = context.maximum_version = tls
            context.load_cert_chain(authority.parent / "server/public.crt", authority.parent / "server/private.key")
        fronts.append(Front(serve, context))
        return f"{'https' if tls else 'http'}://127.0.0.1:{fronts[-1].port}"

    yield make
    for one in fronts:
        one.close()


@pytest.fixture
def s3(front):
    """The S3 server, behind TLS."""
    port = int(server_variables()["FILESTORE_S3_ENDPOINT"].rsplit(":", 1)[1])
    return front(forward_to(port), tls=ssl.TLSVersion.TLSv1_3)


LONG = os.environ.get("FILESTORE_TEST_LONG") == "1"
SEED = os.environ.get("FILESTORE_TEST_SEED", "1")
# Valgrind takes seconds to begin: each run has one test in so many, and with FILESTORE_TEST_LONG all of them.
ONE_IN = 1 if LONG or "BORDER_VALGRIND" not in os.environ else 4


def pytest_collection_modifyitems(config, items):
    chosen = items[random.Random(SEED).randrange(ONE_IN) :: ONE_IN]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


# What it finds is in files: valgrind also speaks of system calls that it does not know.
VALGRIND = ["valgrind", "--error-exitcode=9", "--fair-sched=yes"]
# What nothing points to any more.
LEAKS = ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
# Of what is done many times; the whole of it takes valgrind ten minutes.
PART_FOR_VALGRIND = "1" if LONG else "20"


@pytest.fixture
def run(tmp_path, authority, wrapper):
    """Runs a program: run(NAME, ARGUMENT..., endpoint=...). After fork() it has what the threads had that are not there any more: `forks` says not to look
    for leaks."""

    def run_program(name, *arguments, endpoint="", forks=False, **variables):
        program = pathlib.Path(os.environ["BORDER_PROGRAMS"]) / f"filestore_border_{name}"
        environment = {**os.environ, **server_variables(), "BORDER_ENDPOINT": endpoint, "BORDER_CA_FILE": str(authority),
                       "BORDER_DIRECTORY": str(tmp_path), "no_proxy": "*", **variables}
        # Services are left behind on purpose, with threads that nobody joins.
        environment["TSAN_OPTIONS"] = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0:die_after_fork=0"
        if wrapper:
            environment["BORDER_PART"] = PART_FOR_VALGRIND
        if forks:
            environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        ended = subprocess.run([*(wrapper(forks) if wrapper else []), program, *map(str, arguments)], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, errors="replace", timeout=SECONDS)
        errors = "".join(path.read_text(errors="replace") for path in tmp_path.glob("valgrind.*"))
        assert ended.returncode == 0, f"{name} {arguments} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}{errors}"
        assert ended.stderr == ""

    return run_program


@pytest.fixture
def wrapper(tmp_path):
    """What the programs are run by."""
    def words(forks):
        return [*VALGRIND, *([] if forks else LEAKS), f"--log-file={tmp_path}/valgrind.%p"]

    return words if "BORDER_VALGRIND" in os.environ else None
