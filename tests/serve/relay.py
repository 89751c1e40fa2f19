"""A way to a server that keeps the server's answers to itself for a while."""

import contextlib
import socket
import threading
import time
import urllib.parse


class Relay:
    """Passes on what comes; while it holds, nothing of what the server says. A resource with threads.

    `target` may be changed: connections that come later lead there."""

    def __init__(self, endpoint):
        parts = urllib.parse.urlsplit(endpoint)
        self.target = (parts.hostname, parts.port)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.flows = threading.Event()
        self.flows.set()
        # What a client says that makes it hold.
        self.marker = None
        self.loses = False
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

    def hold_behind(self, marker):
        """Holds from the request on that has these bytes."""
        self.marker = marker

    def release(self):
        self.flows.set()

    def lose(self):
        """What is held never arrives, and its connections end."""
        self.loses = True
        self.release()
        while self.held > 0:
            time.sleep(0.01)
        self.loses = False

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

    def may_pass(self):
        """Waits while it holds."""
        self.count("held", 1)
        self.flows.wait()
        is_lost = self.loses
        self.count("held", -1)
        return not is_lost

    def pass_on(self, source, sink, may_be_held):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if may_be_held and not self.may_pass():
                    break
                if not may_be_held and self.marker and self.marker in data:
                    self.marker = None
                    self.hold()
                sink.sendall(data)
        # The other direction ends, too.
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
