"""Requests of the tus protocol 1.0."""

import base64
import random

from waiting import wait_until

# No piece of it is like another one.
BODY = random.Random(1).randbytes(1_024_000)
PIECE = {"Content-Type": "application/offset+octet-stream"}
NO_SUCH = "/uploads/00000000-0000-4000-8000-000000000000"


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def tus(service, method, path, body=None, **headers):
    """A request of the protocol: `Upload_Offset=3` is the header Upload-Offset."""
    sent = {"Tus-Resumable": "1.0.0", **{name.replace("_", "-"): str(value) for name, value in headers.items()}}
    answer = service.call(method, path, body, {name: value for name, value in sent.items() if value != "None"})
    assert answer.header("Tus-Resumable") == "1.0.0", answer
    return answer


def create(service, length=len(BODY), **headers):
    answer = tus(service, "POST", "/uploads", Upload_Length=length, **headers)
    assert answer.status == 201, answer
    return answer.header("Location")


def append(service, place, offset, body, **headers):
    return tus(service, "PATCH", place, body, Upload_Offset=offset, **{**PIECE, **headers})


def offset_of(service, place):
    answer = tus(service, "HEAD", place)
    assert answer.status == 200, answer
    assert answer.header("Cache-Control") == "no-store"
    return int(answer.header("Upload-Offset"))


def file_of(place):
    return place.removeprefix("/uploads/")


def content(service, place):
    answer = service.call("GET", f"/download/{file_of(place)}")
    return answer.body if answer.status == 200 else answer.status


def begin_piece(service, place, offset, sent, length=len(BODY), headers=""):
    """A connection on which the head of a piece and some of its bytes were sent."""
    head = f"PATCH {place} HTTP/1.1\r\nHost: {service.address}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n{headers}"
    head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {length - offset}\r\n\r\n"
    connection = service.connect()
    connection.sendall(head.encode() + sent)
    return connection


def expired(service, size, begin):
    """An upload of which the service said that it has expired. The sweep at the service's start may take the first; the next sweep is a minute later."""
    for _ in range(2):
        place = create(service, size)
        append(service, place, 0, begin)
        wait_until(lambda: tus(service, "HEAD", place).status != 200, service.process)
        if tus(service, "HEAD", place).status == 410:
            return place
    raise AssertionError("no answer said that the upload has expired")
