"""Servers that break off or fall silent, on real sockets."""

import contextlib
import socket
import threading

PROMISED = 4_000_000
SENT = 100_000


def read_head(connection):
    """The request line and header of the next request; empty at the end of the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            return b""
        head += received
    return head.split(b"\r\n\r\n")[0]


def answer_head(length):
    return (
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nLast-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
        f'ETag: "0123456789abcdef0123456789abcdef"\r\nContent-Length: {length}\r\n\r\n'
    ).encode()


class Server:
    """Answers HEAD, and a GET in part; of a PUT it reads the beginning. Then it closes the connection or waits."""

    def __init__(self, then_wait):
        self.then_wait = then_wait
        self.broke_off = threading.Event()
        self.ended = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            while head := read_head(connection):
                if head.startswith(b"HEAD "):
                    connection.sendall(answer_head(PROMISED))
                    continue
                if head.startswith(b"GET "):
                    connection.sendall(answer_head(PROMISED) + b"x" * SENT)
                self.broke_off.set()
                if self.then_wait:
                    self.ended.wait()
                return

    def close(self):
        self.ended.set()
        # A thread that waits in accept() is not woken by close() alone.
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.accepting.join()


@contextlib.contextmanager
def server_that_closes():
    with contextlib.closing(Server(then_wait=False)) as server:
        yield server


@contextlib.contextmanager
def server_that_stalls():
    with contextlib.closing(Server(then_wait=True)) as server:
        yield server


@contextlib.contextmanager
def closed_port():
    """An endpoint where nothing listens; the port stays bound so that nobody else takes it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def black_hole():
    """An endpoint that answers no attempt to connect: its queue of connections is full, and nobody takes any out."""
    with contextlib.ExitStack() as sockets:
        listening = sockets.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        connected = True
        while connected:
            filler = sockets.enter_context(socket.socket())
            filler.settimeout(0.2)
            try:
                filler.connect(listening.getsockname())
            except TimeoutError:
                connected = False
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def unknown_name():
    """An endpoint whose name no resolver knows (RFC 6761)."""
    yield "http://store.invalid"


def store_options(endpoint, catalogue, max_attempts=1):
    """The command's options for a store on the server, and its environment. `max_attempts` of None is the command's own number."""
    options = ["--backend", "s3", "--bucket", "bucket", "--endpoint", endpoint, "--option", f"catalogue_path={catalogue}"]
    # Such a server is as bad the next time.
    if max_attempts is not None:
        options += ["--option", f"max_attempts={max_attempts}"]
    return options, {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
