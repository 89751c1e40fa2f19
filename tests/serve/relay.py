"""A way to a server that keeps the server's answers to itself for a while."""

import contextlib
import socket
import threading
import urllib.parse


class Relay:
    """Passes on what comes; while it holds, nothing of what the server says. A resource with threads."""

    def __init__(self, endpoint):
        parts = urllib.parse.urlsplit(endpoint)
        self.target = (parts.hostname, parts.port)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.flows = threading.Event()
        self.flows.set()
        self.mutex = threading.Lock()
        # Connections that are open, and those of them whose answers are held.
        self.open = 0
        self.held = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.release()
        # A thread that waits in accept() is not woken by close().
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def hold(self):
        self.flows.clear()

    def release(self):
        self.flows.set()

    def count(self, name, by):
        with self.mutex:
            setattr(self, name, getattr(self, name) + by)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        self.count("open", 1)
        with client, socket.create_connection(self.target) as server:
            back = threading.Thread(target=self.pass_on, args=(server, client, True), daemon=True)
            back.start()
            self.pass_on(client, server, False)
            back.join()
        self.count("open", -1)

    def pass_on(self, source, sink, may_be_held):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if may_be_held:
                    self.count("held", 1)
                    self.flows.wait()
                    self.count("held", -1)
                sink.sendall(data)
        # The other direction ends, too.
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
