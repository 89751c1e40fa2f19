"""Resumable uploads by the tus protocol 1.0, request by request."""

import base64
import concurrent.futures
import contextlib
import hashlib
import os
import socket
import threading
import time
import zlib

import pytest
from service import Service, new_id
from test_access import start
from tus_calls import BODY, NO_SUCH, PIECE, append, b64, begin_piece, content, create, expired, file_of, offset_of, tus
from waiting import wait_until

def left_of_uploads(local):
    directory = local.base / ".filestore" / "uploads"
    return sorted(directory.iterdir()) if directory.exists() else []


def test_a_file_comes_in_pieces(service, local):
    place = create(service, Upload_Metadata=f"filename {b64('ä.bin')},filetype {b64('image/x-any')},owner {b64('me')},flag")
    assert content(service, place) == 404
    middle = len(BODY) // 3
    first = append(service, place, 0, BODY[:middle])
    assert (first.status, first.header("Upload-Offset")) == (204, str(middle))
    assert first.header("Upload-Expires")
    assert first.header("Filestore-File-Id") is None
    assert offset_of(service, place) == middle
    # Nothing of it is a file so far.
    assert service.call("GET", "/files").json()["files"] == []
    last = append(service, place, middle, BODY[middle:])
    assert (last.status, last.header("Upload-Offset")) == (204, str(len(BODY)))
    assert last.header("Content-Location") == f"/files/{file_of(place)}"
    assert last.header("Filestore-File-Id") == file_of(place)
    assert content(service, place) == BODY
    known = service.call("GET", f"/files/{file_of(place)}").json()
    assert (known["original_path"], known["content_type"], known["size"]) == ("ä.bin", "image/x-any", len(BODY))
    assert known["metadata"] == {"content_type": "image/x-any", "filename": "ä.bin", "flag": "", "owner": "me"}
    assert [event[:2] for event in local.catalogue.events()] == [(file_of(place), "ä.bin")]
    local.catalogue.assert_nothing_open()
    assert left_of_uploads(local) == []


def test_a_finished_upload_is_found_again(service):
    place = create(service, 3, Upload_Metadata=f"filename {b64('a.txt')}")
    append(service, place, 0, b"abc")
    answer = tus(service, "HEAD", place)
    assert (answer.header("Upload-Offset"), answer.header("Upload-Length")) == ("3", "3")
    assert answer.header("Filestore-File-Id") == file_of(place)
    # Whoever may only write learns nothing more of a file.
    assert answer.header("Upload-Metadata") is None
    # Termination is for what is no file.
    assert tus(service, "DELETE", place).status == 404
    assert content(service, place) == b"abc"


def test_an_upload_of_no_bytes_is_a_file_at_once(service, local):
    answer = tus(service, "POST", "/uploads", Upload_Length=0)
    assert (answer.status, answer.header("Upload-Offset")) == (201, "0")
    assert answer.header("Filestore-File-Id") == file_of(answer.header("Location"))
    assert content(service, answer.header("Location")) == b""
    assert left_of_uploads(local) == []


def test_the_first_piece_may_come_with_the_creation(service):
    answer = tus(service, "POST", "/uploads", BODY[:1000], Upload_Length=len(BODY), **PIECE)
    assert (answer.status, answer.header("Upload-Offset")) == (201, "1000")
    place = answer.header("Location")
    assert append(service, place, 1000, BODY[1000:]).status == 204
    assert content(service, place) == BODY
    whole = tus(service, "POST", "/uploads", BODY, Upload_Length=len(BODY), **PIECE)
    assert (whole.status, whole.header("Filestore-File-Id")) == (201, file_of(whole.header("Location")))


def test_the_length_may_come_later(service):
    answer = tus(service, "POST", "/uploads", Upload_Defer_Length=1)
    place = answer.header("Location")
    append(service, place, 0, b"abc")
    state = tus(service, "HEAD", place)
    assert (state.header("Upload-Defer-Length"), state.header("Upload-Length")) == ("1", None)
    assert append(service, place, 3, b"def", Upload_Length=5).status == 413
    assert append(service, place, 3, b"def", Upload_Length=6).header("Filestore-File-Id") == file_of(place)
    assert content(service, place) == b"abcdef"


def test_what_the_service_can_do(service):
    for path in ("/uploads", NO_SUCH):
        answer = service.call("OPTIONS", path)
        assert answer.status == 204
        assert answer.header("Tus-Version") == "1.0.0"
        assert answer.header("Tus-Checksum-Algorithm") == "sha1,sha256,crc32"
        assert {"creation", "expiration", "checksum", "termination"} <= set(answer.header("Tus-Extension").split(","))
        assert int(answer.header("Tus-Max-Size")) > 1 << 40


@pytest.mark.parametrize(
    ("status", "method", "path", "body", "headers"),
    [
        (412, "POST", "/uploads", None, {"Tus_Resumable": "0.2.2", "Upload_Length": 1}),
        (412, "POST", "/uploads", None, {"Tus_Resumable": None, "Upload_Length": 1}),
        (412, "HEAD", NO_SUCH, None, {"Tus_Resumable": "2.0.0"}),
        (412, "DELETE", NO_SUCH, None, {"Tus_Resumable": "2.0.0"}),
        (400, "POST", "/uploads", None, {}),
        (400, "POST", "/uploads", None, {"Upload_Length": -1}),
        (400, "POST", "/uploads", None, {"Upload_Length": "1e3"}),
        (400, "POST", "/uploads", None, {"Upload_Length": 1 << 63}),
        (400, "POST", "/uploads", None, {"Upload_Length": 3, "Upload_Defer_Length": 1}),
        (400, "POST", "/uploads", None, {"Upload_Defer_Length": 2}),
        (400, "POST", "/uploads", None, {"Upload_Length": 3, "Upload_Metadata": "filename ***"}),
        (400, "POST", "/uploads", None, {"Upload_Length": 3, "Upload_Metadata": "a YQ==,a YQ=="}),
        (400, "POST", "/uploads", None, {"Upload_Length": 3, "Upload_Metadata": "file_id YQ=="}),
        (404, "HEAD", NO_SUCH, None, {}),
        (404, "HEAD", "/uploads/x", None, {}),
        (404, "DELETE", NO_SUCH, None, {}),
        (404, "PATCH", NO_SUCH, b"a", {"Upload_Offset": 0, **PIECE}),
        (415, "PATCH", NO_SUCH, b"a", {"Upload_Offset": 0}),
        (400, "PATCH", NO_SUCH, b"a", PIECE),
        (400, "PATCH", NO_SUCH, b"a", {"Upload_Offset": "x", **PIECE}),
        (400, "PATCH", NO_SUCH, b"a", {"Upload_Offset": 0, "Upload_Checksum": "md9 YQ==", **PIECE}),
        (400, "PATCH", NO_SUCH, b"a", {"Upload_Offset": 0, "Upload_Checksum": "sha1 YQ==", **PIECE}),
    ],
)
def test_what_is_refused(service, local, status, method, path, body, headers):
    answer = tus(service, method, path, body, **headers)
    assert answer.status == status, answer
    assert status != 412 or answer.header("Tus-Version") == "1.0.0"
    assert left_of_uploads(local) == []


def test_bytes_go_where_the_last_ones_ended(service):
    place = create(service, 10)
    assert append(service, place, 0, b"abcd").status == 204
    for offset in (0, 3, 5, 10):
        assert append(service, place, offset, b"xyz").status == 409
        assert offset_of(service, place) == 4
    assert append(service, place, 4, b"efghij").status == 204
    assert content(service, place) == b"abcdefghij"


def test_no_more_bytes_than_were_declared(service):
    place = create(service, 4)
    assert append(service, place, 0, b"abcde").status == 413
    # The same of a body that does not tell its size.
    head = f"PATCH {place} HTTP/1.1\r\nHost: {service.address}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    head += "Content-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
    with service.connect() as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
    assert offset_of(service, place) == 0
    assert append(service, place, 0, b"abcd").status == 204
    assert content(service, place) == b"abcd"


CHECKSUMS = {
    "sha1": lambda body: hashlib.sha1(body).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
}


@pytest.mark.parametrize("name", CHECKSUMS)
def test_bytes_of_another_checksum_are_thrown_away(service, name):
    place = create(service)
    middle = len(BODY) // 2
    right = f"{name} {b64(CHECKSUMS[name](BODY[:middle]))}"
    assert append(service, place, 0, BODY[:middle], Upload_Checksum=right).status == 204
    assert append(service, place, middle, BODY[middle:], Upload_Checksum=right).status == 460
    assert offset_of(service, place) == middle
    right = f"{name} {b64(CHECKSUMS[name](BODY[middle:]))}"
    assert append(service, place, middle, BODY[middle:], Upload_Checksum=right).status == 204
    assert content(service, place) == BODY


@pytest.mark.parametrize("size", [1, 5, 8191, 8192, 8193])
@pytest.mark.parametrize("name", CHECKSUMS)
def test_short_pieces_whose_content_is_looked_at(service, name, size):
    metadata = f"filename {b64('a.txt')},filetype {b64('text/plain')}"
    place = create(service, 2 * size, Upload_Metadata=metadata)
    wrong = f"{name} {b64(CHECKSUMS[name](BODY[1 : size + 1]))}"
    right = f"{name} {b64(CHECKSUMS[name](BODY[:size]))}"
    assert append(service, place, 0, BODY[:size], Upload_Checksum=wrong).status == 460
    assert append(service, place, 0, BODY[:size], Upload_Checksum=right).status == 204
    assert append(service, place, size, BODY[:size], Upload_Checksum=right).status == 204
    assert content(service, place) == BODY[:size] * 2
    at_once = tus(service, "POST", "/uploads", BODY[:size], Upload_Length=size, Upload_Metadata=metadata, Upload_Checksum=right, **PIECE)
    assert (at_once.status, content(service, at_once.header("Location"))) == (201, BODY[:size])


def test_an_upload_is_given_up(service, local):
    place = create(service)
    append(service, place, 0, BODY[:1000])
    assert tus(service, "DELETE", place).status == 204
    assert tus(service, "HEAD", place).status == 404
    assert append(service, place, 1000, b"x").status == 404
    assert left_of_uploads(local) == []
    assert local.catalogue.events() == []


def test_a_method_may_stand_in_a_header(service):
    place = create(service, 3)
    override = {"X_HTTP_Method_Override": "PATCH", "Upload_Offset": 0, **PIECE}
    assert tus(service, "POST", place, b"ab", **override).status == 204
    assert offset_of(service, place) == 2
    assert tus(service, "POST", place, X_HTTP_Method_Override="DELETE").status == 204
    assert tus(service, "POST", place, X_HTTP_Method_Override="BREW").status == 405


def has_bytes(local, place, count):
    return (local.base / ".filestore" / "uploads" / f"{file_of(place)}.data").stat().st_size >= count


def test_what_came_before_a_cut_stays(service, local):
    place = create(service)
    sent = len(BODY) // 2
    connection = begin_piece(service, place, 0, BODY[:sent])
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()
    wait_until(lambda: has_bytes(local, place, sent), service.process)
    assert offset_of(service, place) == sent
    assert append(service, place, sent, BODY[sent:]).status == 204
    assert content(service, place) == BODY


@pytest.mark.parametrize("is_closed", [True, False])
@pytest.mark.parametrize("sent", [1, 8191, 8192])
def test_what_came_stays_also_of_a_beginning_that_is_looked_at(service, sent, is_closed):
    """Fewer bytes than the type is told by. A client that went away without a word comes back while its connection is still there."""
    place = create(service, Upload_Metadata=f"filename {b64('a.png')},filetype {b64('image/png')}")
    with begin_piece(service, place, 0, BODY[:sent]) as connection:
        if is_closed:
            connection.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: offset_of(service, place) == sent, service.process)
    assert append(service, place, sent, BODY[sent:]).status == 204
    assert content(service, place) == BODY


def test_a_cut_piece_with_a_checksum_leaves_nothing(service, local):
    place = create(service)
    checksum = f"Upload-Checksum: sha1 {b64(hashlib.sha1(BODY).digest())}\r\n"
    with begin_piece(service, place, 0, BODY[:500_000], headers=checksum):
        wait_until(lambda: has_bytes(local, place, 500_000), service.process)
        assert offset_of(service, place) == 0
    wait_until(lambda: not has_bytes(local, place, 1), service.process)
    wait_until(lambda: append(service, place, 0, BODY).status == 204, service.process)
    assert content(service, place) == BODY


def test_only_one_piece_comes_at_a_time(tool, service, local):
    """Of two processes that serve one store."""
    other = Service.of_tool(tool, local)
    place = create(service)
    with begin_piece(service, place, 0, BODY[:500_000]) as connection:
        wait_until(lambda: has_bytes(local, place, 500_000), service.process)
        assert append(other, place, 0, b"x").status == 423
        assert append(other, place, 500_000, b"x").status == 423
        connection.sendall(BODY[500_000:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 204 ")
    assert content(service, place) == BODY


@pytest.mark.parametrize("looks_first", [True, False])
def test_a_silent_client_keeps_nobody_waiting(service, local, looks_first):
    """Its network has gone, and the service cannot know that: whoever comes back for the same upload goes on."""
    place = create(service)
    with begin_piece(service, place, 0, BODY[:500_000]):
        wait_until(lambda: has_bytes(local, place, 500_000), service.process)
        if looks_first:
            assert offset_of(service, place) == 500_000
        answer = append(service, place, 500_000, BODY[500_000:])
        assert (answer.status, answer.header("Upload-Offset")) == (204, str(len(BODY)))
    assert content(service, place) == BODY
    assert left_of_uploads(local) == []
    local.catalogue.assert_nothing_open()


def test_a_silent_client_keeps_nobody_from_giving_up(service, local):
    place = create(service)
    with begin_piece(service, place, 0, BODY[:500_000]):
        wait_until(lambda: has_bytes(local, place, 500_000), service.process)
        assert tus(service, "DELETE", place).status == 204
    assert left_of_uploads(local) == []


def test_of_many_that_come_back_at_once_the_last_goes_on(service, local):
    place = create(service)
    with contextlib.ExitStack() as silent:
        for _ in range(5):
            silent.enter_context(begin_piece(service, place, 0, BODY[:1000]))
        wait_until(lambda: has_bytes(local, place, 1000), service.process)
        offset = offset_of(service, place)
        assert append(service, place, offset, BODY[offset:]).status == 204
    assert content(service, place) == BODY


def test_a_silent_piece_with_a_checksum_counts_for_nothing(service, local):
    place = create(service)
    checksum = f"Upload-Checksum: sha1 {b64(hashlib.sha1(BODY).digest())}\r\n"
    with begin_piece(service, place, 0, BODY[:500_000], headers=checksum):
        wait_until(lambda: has_bytes(local, place, 500_000), service.process)
        assert append(service, place, 0, BODY).status == 204
    assert content(service, place) == BODY


@pytest.mark.parametrize("headers", ["", f"Upload-Checksum: sha1 {b64(hashlib.sha1(BODY).digest())}\r\n"])
def test_nothing_is_lost_when_the_service_is_killed(tool, local, service, headers):
    place = create(service)
    with begin_piece(service, place, 0, BODY[:500_000], headers=headers):
        wait_until(lambda: has_bytes(local, place, 500_000), service.process)
        service.process.kill()
        service.process.wait()
    again = Service.of_tool(tool, local)
    # Of a piece with a checksum all or nothing counts.
    assert offset_of(again, place) == (0 if headers else 500_000)
    offset = offset_of(again, place)
    assert append(again, place, offset, BODY[offset:]).status == 204
    assert content(again, place) == BODY
    local.catalogue.assert_nothing_open()
    assert left_of_uploads(local) == []


def configured(tool, local, **options):
    return Service.of_tool(tool, local, *[word for name, value in options.items() for word in ("--option", f"{name}={value}")])


def test_an_upload_expires(tool, local):
    service = configured(tool, local, upload_lifetime="1s")
    place = expired(service, len(BODY), BODY[:1000])
    assert append(service, place, 1000, b"x").status in (404, 410)
    service.stop()
    # The next one sweeps when it begins.
    again = configured(tool, local, upload_lifetime="1s")
    wait_until(lambda: left_of_uploads(local) == [], again.process)
    assert tus(again, "HEAD", place).status == 404


RULES = {"max_size": 20000, "type_policy": "strict", "allowed_types": "image/png,text/plain", "denied_extensions": "exe"}
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def test_rules_are_kept_when_an_upload_begins(tool, local):
    service = configured(tool, local, **RULES)
    assert tus(service, "POST", "/uploads", Upload_Length=20001).status == 413
    assert service.call("OPTIONS", "/uploads").header("Tus-Max-Size") == "20000"
    named = f"filename {b64('a.exe')}"
    assert tus(service, "POST", "/uploads", Upload_Length=1, Upload_Metadata=named).status == 415
    assert left_of_uploads(local) == []


def test_rules_are_kept_as_early_as_the_bytes_allow(tool, local):
    service = configured(tool, local, **RULES)
    named = f"filename {b64('a.png')},filetype {b64('image/png')}"
    text = create(service, 20000, Upload_Metadata=named)
    assert append(service, text, 0, b"This is a text. " * 600).status == 415
    assert tus(service, "HEAD", text).status == 404
    assert not [path for path in left_of_uploads(local) if path.name.startswith(file_of(text))]


def test_rules_are_kept_when_the_file_is_whole(tool, local):
    service = configured(tool, local, **RULES)
    named = f"filename {b64('a.png')},filetype {b64('image/png')}"
    place = create(service, 64, Upload_Metadata=named)
    assert append(service, place, 0, b"This is ").status == 204
    assert append(service, place, 8, b"a text. " * 7).status == 415
    assert tus(service, "HEAD", place).status == 404
    assert left_of_uploads(local) == []
    assert local.catalogue.events() == []
    local.catalogue.assert_nothing_open()
    good = create(service, len(PNG), Upload_Metadata=named)
    assert append(service, good, 0, PNG[:20]).status == 204
    assert append(service, good, 20, PNG[20:]).status == 204
    assert content(service, good) == PNG


def test_a_length_that_is_told_late_keeps_the_rules(tool, local):
    service = configured(tool, local, **RULES)
    place = tus(service, "POST", "/uploads", Upload_Defer_Length=1).header("Location")
    assert append(service, place, 0, b"a text. " * 2000).status == 204
    assert append(service, place, 16000, b"a text. " * 600).status == 413
    assert left_of_uploads(local) == []


def test_pages_of_listed_origins_may_upload(tool, local):
    service = start(tool, local, origins=["https://app.example"])
    page = {"Origin": "https://app.example"}
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "tus-resumable,upload-offset"}
    preflight = service.call("OPTIONS", NO_SUCH, headers={**page, **asked})
    assert preflight.status == 204
    assert "PATCH" in preflight.header("Access-Control-Allow-Methods")
    allowed = preflight.header("Access-Control-Allow-Headers").lower()
    for name in ("Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Offset", "Upload-Checksum"):
        assert name.lower() in allowed
    answer = tus(service, "POST", "/uploads", Upload_Length=0, **page)
    assert answer.status == 201
    exposed = answer.header("Access-Control-Expose-Headers").lower()
    for name in ("Location", "Upload-Offset", "Upload-Expires", "Tus-Resumable", "Filestore-File-Id", "Content-Location"):
        assert name.lower() in exposed
    assert service.call("POST", "/uploads", headers={"Origin": "https://other.example", "Upload-Length": "0"}).status == 403


def test_other_processes_may_open_the_store_meanwhile(tool, service, local):
    """Each looks for what dead processes left: what this one is at work on is none of that."""
    ends = threading.Event()
    codes = set()

    def look():
        while not ends.is_set():
            codes.add(tool.run("exists", new_id(), *local.options).code)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(150):
            assert tus(service, "POST", "/uploads", b"a", Upload_Length=2, **PIECE).status == 201
    finally:
        ends.set()
        looking.join()
    assert codes == {3}


def test_a_damaged_record_keeps_no_other_waiting(tool, local):
    service = configured(tool, local, upload_lifetime="1s")
    create(service)
    service.stop()
    (record,) = [path for path in left_of_uploads(local) if path.suffix == ".json"]
    # In the order of their IDs it comes first.
    damaged = record.with_name("00000000-0000-4000-8000-000000000001.json")
    damaged.write_bytes(b"garbage")
    damaged.with_suffix(".data").write_bytes(b"a")
    time.sleep(1.1)
    outcome = tool.run("cleanup", "--yes", *local.options)
    assert outcome.code == 0, outcome
    assert {path.stem for path in left_of_uploads(local)} == {damaged.stem}
    # Nobody can go on with it: a day after its last byte it goes, too.
    day_ago = time.time() - 25 * 3600
    os.utime(damaged.with_suffix(".data"), (day_ago, day_ago))
    assert tool.run("cleanup", "--yes", *local.options).code == 0
    assert left_of_uploads(local) == []


def test_a_piece_that_is_too_long_leaves_no_shorter_file(service, local):
    """Whoever looks while all bytes and one more are on their way must not take what is taken back again for a whole file."""
    for _ in range(15):
        place = create(service, 200_000)
        connection = service.connect()
        head = f"PATCH {place} HTTP/1.1\r\nHost: {service.address}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nTransfer-Encoding: chunked\r\n"
        connection.sendall(f"{head}Content-Type: application/offset+octet-stream\r\n\r\n30d40\r\n".encode() + bytes(200_000) + b"\r\n")
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            looks = [pool.submit(lambda: [tus(service, "HEAD", place).status for _ in range(5)]) for _ in range(3)]
            connection.sendall(b"1\r\ny\r\n0\r\n\r\n")
            # Whoever looks cuts off what still comes.
            assert connection.recv(12) in (b"HTTP/1.1 413", b"HTTP/1.1 423")
            assert {status for look in looks for status in look.result()} <= {200, 423}
        assert content(service, place) in (404, bytes(200_000))
    assert set(local.stored().values()) <= {bytes(200_000)}


def test_more_keys_than_anybody_needs(service):
    keys = ",".join(f"key{number} YQ==" for number in range(101))
    answer = tus(service, "POST", "/uploads", Upload_Length=1, Upload_Metadata=keys)
    assert answer.status == 400 and "more than 100 keys" in answer.json()["detail"]
