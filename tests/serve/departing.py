"""Clients that send whole requests and close their connections before the answer has come."""

import socket
import struct
import time

from service import file_part, form

BODY = bytes(range(256)) * 400
CLIENTS = 24


def request(service, method, path, body=b"", headers=None):
    """As it is sent."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {service.address}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def uploads(service):
    return [request(service, "POST", "/upload", *form(file_part(BODY))), request(service, "PUT", "/files", BODY)]


def ask(service, requests):
    """Connections on which a whole request was sent each."""
    connections = []
    for number in range(CLIENTS):
        connections.append(service.connect())
        connections[-1].sendall(requests[number % len(requests)])
    return connections


def leave(connections, by_reset):
    for connection in connections:
        if by_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def in_use_at_rest(service):
    """Descriptors, once as much was done at a time as will be: some are kept."""
    connections = ask(service, uploads(service))
    for connection in connections:
        assert connection.recv(12)[:10] == b"HTTP/1.1 2"
    leave(connections, by_reset=False)
    before, now = None, service.descriptors()
    while now != before:
        # The service looks for clients that have gone once a second.
        time.sleep(2)
        before, now = now, service.descriptors()
    return now
