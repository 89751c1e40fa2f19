"""The routes that the original system did not have."""

import argparse
import datetime
import email.utils
import json
import random
import socket
import urllib.parse

import pytest
from command import assert_fails
from service import Service, file_part, form, new_id

BODY = bytes(range(256)) * 1000
SIZE = len(BODY)


@pytest.fixture
def file_id(service):
    return service.upload(BODY, "a.bin", "image/png")


@pytest.fixture(params=["/download/{}", "/files/{}/content"])
def path(request, file_id):
    return request.param.format(file_id)


def problem(answer, status):
    """A problem as RFC 9457 has it; answers its detail."""
    assert answer.status == status, answer
    assert answer.header("content-type") == "application/problem+json"
    told = answer.json()
    assert told["status"] == status and told["type"] == "about:blank" and told["title"], answer
    return told["detail"]


RANGES = {
    "bytes=0-0": (206, 0, 1),
    "bytes=0-": (206, 0, SIZE),
    "bytes=0-18446744073709551615": (206, 0, SIZE),
    "bytes=10-19": (206, 10, 20),
    "BYTES=10-19": (206, 10, 20),
    f"bytes={SIZE - 1}-": (206, SIZE - 1, SIZE),
    f"bytes={SIZE - 5}-{SIZE + 5}": (206, SIZE - 5, SIZE),
    "bytes=-7": (206, SIZE - 7, SIZE),
    f"bytes=-{SIZE + 1}": (206, 0, SIZE),
    "bytes=5-18446744073709551615": (206, 5, SIZE),
    "bytes=5-99999999999999999999999": (206, 5, SIZE),
    f"bytes={SIZE}-": (416, 0, 0),
    "bytes=99999999999999999999999-": (416, 0, 0),
    "bytes=-0": (416, 0, 0),
    # What is not understood, and several ranges, mean the whole file.
    "bytes=2-1": (200, 0, SIZE),
    "bytes=0-1,3-4": (200, 0, SIZE),
    "bytes=a-b": (200, 0, SIZE),
    "bytes=": (200, 0, SIZE),
    "bytes=-": (200, 0, SIZE),
    "bytes=+1-2": (200, 0, SIZE),
    "lines=1-2": (200, 0, SIZE),
}


@pytest.mark.parametrize("text", RANGES)
def test_ranges(service, path, text):
    status, begin, end = RANGES[text]
    answer = service.call("GET", path, headers={"Range": text})
    assert answer.status == status, answer
    told = {200: None, 206: f"bytes {begin}-{end - 1}/{SIZE}", 416: f"bytes */{SIZE}"}
    assert answer.header("content-range") == told[status]
    if status != 416:
        assert answer.body == BODY[begin:end]
        assert answer.header("content-length") == str(end - begin)
        assert answer.header("accept-ranges") == "bytes"


def test_a_range_of_an_empty_file(service):
    path = f"/download/{service.upload(b'')}"
    assert service.call("GET", path).body == b""
    assert service.call("GET", path, headers={"Range": "bytes=0-"}).status == 416


def test_head(service, path):
    get, head = service.call("GET", path), service.call("HEAD", path)
    assert head.body == b""
    for name in ("content-length", "content-type", "content-disposition", "etag", "accept-ranges"):
        assert get.header(name) == head.header(name) is not None
    # RFC 9110 has ranges for GET only.
    assert service.call("HEAD", path, headers={"Range": "bytes=0-1"}).status == 200


def test_conditions(service, path):
    whole = service.call("GET", path)
    tag = whole.header("etag")
    assert tag[0] == tag[-1] == '"'
    assert service.call("GET", path).header("etag") == tag

    def status(**headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = service.call("GET", path, headers=named)
        assert answer.body == {200: BODY, 206: BODY[:2], 304: b""}.get(answer.status, answer.body)
        return answer.status

    assert status(If_None_Match=tag) == 304
    assert status(If_None_Match="W/" + tag) == 304
    assert status(If_None_Match=f'"x", {tag}') == 304
    assert status(If_None_Match="*") == 304
    assert status(If_None_Match='"x"') == 200
    assert status(If_None_Match=tag[1:-1]) == 200
    assert status(If_Match=tag) == 200
    assert status(If_Match="*") == 200
    assert status(If_Match='"x"') == 412
    assert status(If_Match="W/" + tag) == 412
    assert status(If_Match='"x"', If_None_Match=tag) == 412
    assert status(Range="bytes=0-1", If_Range=tag) == 206
    assert status(Range="bytes=0-1", If_Range='"x"') == 200
    assert status(Range="bytes=0-1", If_Range="W/" + tag) == 200
    assert status(Range="bytes=0-1", If_None_Match=tag) == 304
    assert status(Range=f"bytes={SIZE}-", If_Match=tag) == 416
    assert service.call("HEAD", path, headers={"If-None-Match": tag}).status == 304


def test_conditions_in_several_lines(service, path):
    tag = service.call("GET", path).header("etag")
    for first, last in (('"x"', tag), (tag, '"x"')):
        assert service.call("GET", path, headers={"If-None-Match": first, "if-none-match": last}).status == 304
        assert service.call("GET", path, headers={"If-Match": first, "if-match": last}).status == 200
    assert service.call("GET", path, headers={"If-Match": '"x"', "if-match": '"y"'}).status == 412


@pytest.mark.parametrize("target", ["/files", "/files/{id}", "/metrics", "/openapi.json", "/docs", "/docs/page.css", "/docs/page.js"])
def test_head_of_what_is_no_file(service, file_id, target):
    get, head = (service.call(method, target.format(id=file_id)) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"") and get.body
    assert head.header("content-type") == get.header("content-type")
    # The counters count.
    assert target == "/metrics" or head.header("content-length") == str(len(get.body))


def test_conditions_of_time(service, path):
    whole = service.call("GET", path)
    time = whole.header("last-modified")
    then = email.utils.parsedate_to_datetime(time)
    assert email.utils.format_datetime(then, usegmt=True) == time
    before, after = (email.utils.format_datetime(then + datetime.timedelta(seconds=second), usegmt=True) for second in (-1, 1))
    assert service.call("HEAD", path).header("last-modified") == time

    def status(**headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = service.call("GET", path, headers=named)
        assert answer.body == {200: BODY, 206: BODY[:2], 304: b""}.get(answer.status, answer.body)
        return answer.status

    assert status(If_Modified_Since=time) == 304
    assert status(If_Modified_Since=after) == 304
    assert status(If_Modified_Since=before) == 200
    assert status(If_Unmodified_Since=time) == 200
    assert status(If_Unmodified_Since=after) == 200
    assert status(If_Unmodified_Since=before) == 412
    # A tag says more.
    assert status(If_None_Match='"x"', If_Modified_Since=time) == 200
    assert status(If_Match=whole.header("etag"), If_Unmodified_Since=before) == 200
    assert status(If_Modified_Since="yesterday", If_Unmodified_Since="yesterday") == 200
    # Two versions of a file may be of one second.
    assert status(Range="bytes=0-1", If_Range=time) == 200
    assert service.call("GET", path, headers={"If-Modified-Since": time}).header("etag") == whole.header("etag")


def test_tags_differ(service, path):
    other = service.upload(BODY, "a.bin", "image/png")
    assert service.call("GET", path).header("etag") != service.call("GET", f"/download/{other}").header("etag")


# Name, filename, and filename* where the name is not that.
NAMES = {
    "plain.txt": ("plain.txt", None),
    "two words; a=b.txt": ("two words; a=b.txt", None),
    "März 🗂.txt": ("M_rz _.txt", "M%C3%A4rz%20%F0%9F%97%82.txt"),
    'quo"ted\\.txt': ("quo_ted_.txt", "quo%22ted%5C.txt"),
    "100%.txt": ("100_.txt", "100%25.txt"),
    "dir/../a\nb.txt": ("a_b.txt", None),
    "a\r\nX-Evil: 1": ("a__X-Evil: 1", None),
    "a\x7fb\x85c": ("a_b_c", None),
    "invoice\u202efdp.exe": ("invoice_fdp.exe", None),
    **{f"ü{mark}.txt": ("__.txt", "%C3%BC_.txt") for mark in "\u061c\u200e\u200f\u202a\u202d\u2066\u2069"},
    "\u2067.profile": ("_.profile", None),
    "a\u200db.txt": ("a_b.txt", "a%E2%80%8Db.txt"),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_download(service, name):
    plain, encoded = NAMES[name]
    stored = service.call("PUT", f"/files?filename={urllib.parse.quote(name, safe='')}", BODY)
    assert stored.status == 201, stored
    answer = service.call("GET", f"/download/{stored.json()['file_id']}")
    if name == 'quo"ted\\.txt':
        # What stands before a backslash is a directory's name.
        plain, encoded = ".txt".replace(".", "_", 1), None
    expected = f'attachment; filename="{plain}"' + (f"; filename*=UTF-8''{encoded}" if encoded else "")
    assert answer.header("content-disposition") == expected
    assert answer.header("x-evil") is None


# Type, and whether a browser may show it.
TYPES = {
    "image/png": True,
    "TEXT/PLAIN; charset=utf-8": True,
    "video/mp4": True,
    "text/html": False,
    "image/svg+xml": False,
    "application/xhtml+xml": False,
    "text/xml": False,
    "application/pdf": False,
    "text/javascript": False,
    "text/plainx": False,
    "image/pngx": False,
}


@pytest.mark.parametrize("content_type", TYPES)
def test_what_a_browser_may_show(service, content_type):
    file_id = service.upload(BODY, "a.x", content_type)
    shown = service.call("GET", f"/files/{file_id}/content")
    assert shown.header("content-type") == content_type
    assert shown.header("content-disposition").split(";")[0] == ("inline" if TYPES[content_type] else "attachment")
    saved = service.call("GET", f"/download/{file_id}")
    assert saved.header("content-type") == "application/octet-stream"
    assert saved.header("content-disposition").startswith("attachment;")
    for answer in (shown, saved):
        assert answer.header("x-content-type-options") == "nosniff"
        assert "sandbox" in answer.header("content-security-policy")


def test_put_show_and_list(service):
    assert service.call("GET", "/files").json() == {"files": [], "next": None}
    sizes = {}
    for size in (0, 1, 300_000, 1_000_000):
        answer = service.call("PUT", f"/files?filename=f%20{size}.txt", b"x" * size, {"Content-Type": "text/plain"})
        assert answer.status == 201, answer
        file_id = answer.json()["file_id"]
        assert answer.json() == {"file_id": file_id, "filename": f"f {size}.txt"}
        assert answer.header("location") == f"/files/{file_id}"
        sizes[file_id] = size
        info = service.call("GET", f"/files/{file_id}").json()
        assert (info["file_id"], info["size"], info["original_path"]) == (file_id, size, f"f {size}.txt")
        assert info["content_type"] == "text/plain"
        assert info["metadata"] == {"content_type": "text/plain", "filename": f"f {size}.txt"}
        assert service.call("GET", f"/download/{file_id}").body == b"x" * size

    found, after = {}, None
    for _ in range(len(sizes) + 1):
        query = f"&after={urllib.parse.quote(after)}" if after else ""
        page = service.call("GET", f"/files?limit=1{query}").json()
        found.update((entry["file_id"], entry["size"]) for entry in page["files"])
        after = page["next"]
        if after is None:
            break
    assert after is None and found == sizes
    assert list(found) == sorted(sizes)


def test_a_list_with_details(service):
    """What the list of a person needs: names, types and times."""
    shown = {}
    for number in range(25):
        answer = service.call("PUT", f"/files?filename=f%20{number}.txt", b"x" * number, {"Content-Type": f"text/x-{number}"})
        file_id = answer.json()["file_id"]
        shown[file_id] = service.call("GET", f"/files/{file_id}").json()
    page = service.call("GET", "/files?details=true&limit=20").json()
    rest = service.call("GET", f"/files?details=true&after={urllib.parse.quote(page['next'])}").json()
    assert rest["next"] is None
    assert page["files"] + rest["files"] == [shown[file_id] for file_id in sorted(shown)]
    assert service.call("GET", "/files?details=true&limit=1000").json() == {"files": [shown[file_id] for file_id in sorted(shown)], "next": None}
    assert set(service.call("GET", "/files?details=false").json()["files"][0]) == {"file_id", "size", "last_modified"}


def test_a_page_of_details_is_short(service, local):
    for _ in range(102):
        service.upload(b"")
    page = service.call("GET", "/files?details=true&limit=1000").json()
    assert len(page["files"]) == 100 and page["next"]
    assert len(service.call("GET", "/files?limit=1000").json()["files"]) == 102


def test_details_of_no_file(service):
    assert service.call("GET", "/files?details=true").json() == {"files": [], "next": None}


def test_details_of_a_damaged_file_are_what_is_known(service, local):
    whole, without_record, damaged = sorted(service.upload(b"abc") for _ in range(3))
    local.sidecar(without_record).unlink()
    local.sidecar(damaged).write_text("{")
    files = service.call("GET", "/files?details=true").json()["files"]
    assert [entry["file_id"] for entry in files] == [whole, without_record, damaged]
    assert files[0]["original_path"] == "a.txt"
    for entry in files[1:]:
        assert set(entry) == {"file_id", "size", "last_modified"} and entry["size"] == 3


def test_put_in_chunks(service):
    with service.connect() as connection:
        connection.sendall(
            f"PUT /files HTTP/1.1\r\nHost: {service.address}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
        )
        for _ in range(50):
            connection.sendall(b"%x\r\n%s\r\n" % (len(BODY), BODY))
        connection.sendall(b"0\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 201 "), answer
    file_id = json.loads(answer.split(b"\r\n\r\n", 1)[1])["file_id"]
    assert service.call("GET", f"/download/{file_id}").body == BODY * 50


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=", "limit=-1", "after=nonsense", "details=yes", "details="])
def test_a_page_that_is_none(service, query):
    problem(service.call("GET", f"/files?{query}"), 400)


@pytest.mark.parametrize("missing", [new_id(), "x", "..%2F..%2Fetc%2Fpasswd", "%00", new_id() + "%00"])
def test_a_file_that_is_not_there(service, missing):
    for method, path in (("GET", "/files/{}"), ("GET", "/files/{}/content"), ("POST", "/files/{}/link")):
        answer = service.call(method, path.format(missing))
        assert answer.status == 404, answer
        if "%2F" not in missing:
            problem(answer, 404)
    assert service.call("HEAD", f"/files/{missing}/content").status == 404
    assert service.call("HEAD", f"/download/{missing}").status == 404


def test_a_method_that_a_path_has_not(service):
    answer = service.call("DELETE", "/files")
    problem(answer, 405)
    assert answer.header("allow") == "GET, HEAD, PUT"


def test_links(tool, local):
    service = Service.of_tool(tool, local, "--option", "url_base=http://files.example", "--option", "url_key=" + "k" * 32)
    file_id = service.upload(BODY)
    answer = service.call("POST", f"/files/{file_id}/link?expires=60")
    assert answer.status == 200, answer
    assert answer.json()["url"].startswith("http://files.example") and file_id in answer.json()["url"]
    assert set(answer.json()) == {"url", "expires_at"}
    problem(service.call("POST", f"/files/{new_id()}/link"), 404)
    for expires in ("0", "604801", "x"):
        problem(service.call("POST", f"/files/{file_id}/link?expires={expires}"), 400)


def test_links_of_a_store_that_has_none(service, file_id):
    assert "url_base" in problem(service.call("POST", f"/files/{file_id}/link"), 501)


def test_a_file_without_its_record(service, local, file_id):
    """The original wrote the record last."""
    local.sidecar(file_id).unlink()
    for headers in ({}, {"Range": "bytes=0-1"}):
        answer = service.call("GET", f"/download/{file_id}", headers=headers)
        assert (answer.status, answer.body) == (200, BODY)
        assert answer.header("content-disposition") == f'attachment; filename="{file_id}"'
    answer = service.call("HEAD", f"/download/{file_id}")
    assert (answer.status, answer.body) == (200, b"")


def test_a_damaged_file_is_never_whole(tool, local):
    """All bytes but the last one may have been sent when it is found out."""
    service = Service.of_tool(tool, local, "--option", "verify_downloads=checksum")
    file_id = service.upload(BODY)
    local.data(file_id).write_bytes(BODY[:-1] + b"x")
    with service.connect() as connection:
        connection.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\nConnection: close\r\n\r\n".encode())
        answer = connection.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 200 "):
        assert len(body) < SIZE
    else:
        assert head.startswith(b"HTTP/1.1 500 ")


def begin_download(service, file_id):
    """A connection on which the first bytes of the answer have come, and a reader of the rest."""
    connection = service.connect()
    connection.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\nConnection: close\r\n\r\n".encode())
    reader = connection.makefile("rb")
    assert reader.read(12) == b"HTTP/1.1 200"
    return reader


def test_a_file_that_is_deleted_while_it_is_sent(service):
    content = random.Random(1).randbytes(20_000_000)
    file_id = service.upload(content)
    reader = begin_download(service, file_id)
    assert service.call("DELETE", f"/delete/{file_id}").status == 200
    assert reader.read().split(b"\r\n\r\n", 1)[1] == content


def test_an_unchanged_file_is_told_with_its_length(service, path):
    """Also a HEAD of it. What stands behind the answer is the next one."""
    for method in ("GET", "HEAD"):
        answer = service.call(method, path, headers={"If-None-Match": "*"})
        assert (answer.status, answer.body, answer.header("content-length")) == (304, b"", str(SIZE))
    request = f"GET {path} HTTP/1.1\r\nHost: {service.address}\r\nIf-None-Match: *\r\n"
    with service.connect() as connection:
        connection.sendall(f"{request}\r\n{request}Connection: close\r\n\r\n".encode())
        answers = connection.makefile("rb").read()
    assert answers.count(b"HTTP/1.1 304 ") == 2 and answers.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("headers, status", [({"Content-Range": "bytes 0-1/10"}, 400), ({"Content-Encoding": "gzip"}, 415)])
def test_a_body_that_is_no_file_as_it_is(service, local, headers, status):
    problem(service.call("PUT", "/files", b"ab", headers), status)
    assert service.call("PUT", "/files", b"ab", {"Content-Encoding": "identity"}).status == 201
    assert len(local.stored()) == 1


def test_health(service):
    for path in ("/healthz", "/readyz"):
        answer = service.call("GET", path)
        assert (answer.status, answer.json()) == (200, {"status": "ok"})
        assert service.call("HEAD", path).status == 200


def test_a_service_whose_store_does_not_answer(tool, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    store = argparse.Namespace(
        environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
        options=[
            *("--backend", "s3", "--bucket", "bucket", "--endpoint", nobody, "--option", "max_attempts=1"),
            *("--option", f"catalogue_path={tmp_path}/catalogue"),
        ],
    )
    service = Service.of_tool(tool, store)
    assert service.call("GET", "/healthz").status == 200
    told = problem(service.call("GET", "/readyz"), 503)
    assert "bucket" not in told and nobody not in told
    problem(service.call("GET", "/files"), 503)
    problem(service.call("GET", "/files?details=true"), 503)
    problem(service.call("PUT", "/files", BODY), 503)
    answer = service.call("POST", "/upload", *form(file_part(BODY)))
    assert answer.status == 500 and list(answer.json()) == ["detail"]


def test_addresses_that_are_refused(tool, local):
    def fails(address, *words):
        outcome = tool.run("serve", "--listen", address, *local.options)
        assert_fails(outcome, 2, *words)

    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:8080", "[2001:db8::1]:80"):
        fails(address, "--listen", "keys")
    for address in ("127.0.0.1", "localhost", "x:1", "127.0.0.1:x", "127.0.0.1:65536", ":8080", "", "127.0.0.1:-1"):
        fails(address, "--listen", "ADDR:PORT")


def test_an_address_that_is_taken(tool, local, service):
    assert_fails(tool.run("serve", "--listen", service.address, *local.options), 2, service.address, "--listen")


# Soft delete


@pytest.fixture
def soft(tool, local):
    return Service.of_tool(tool, local, "--option", "soft_delete_grace=1d")


def test_a_deletion_that_is_taken_back(soft):
    ids = sorted(soft.upload(b"x" * size, f"{size}.txt") for size in (1, 2, 3))
    kept = soft.upload(b"kept")
    assert soft.call("GET", "/files?deleted=true").json() == {"files": [], "next": None}
    for file_id in ids:
        assert soft.call("DELETE", f"/delete/{file_id}").status == 200
        assert soft.call("GET", f"/files/{file_id}").status == 404
    told, after = [], ""
    while after is not None:
        page = soft.call("GET", f"/files?deleted=true&limit=2&after={urllib.parse.quote(after)}").json()
        told += page["files"]
        after = page["next"]
    assert sorted(file["file_id"] for file in told) == ids
    assert all(file["original_path"] == f"{file['size']}.txt" and file["deleted_at"] < file["until"] for file in told)
    assert [file["file_id"] for file in soft.call("GET", "/files?deleted=false").json()["files"]] == [kept]
    answer = soft.call("POST", f"/files/{ids[0]}/undelete")
    assert answer.status == 200 and answer.json() == {"file_id": ids[0], "restored": True}
    assert soft.call("GET", f"/files/{ids[0]}").status == 200
    assert soft.call("POST", f"/files/{kept}/undelete").json() == {"file_id": kept, "restored": False}
    assert len(soft.call("GET", "/files?deleted=true").json()["files"]) == 2


def test_what_cannot_be_had_back(soft):
    for other in (new_id(), "x"):
        problem(soft.call("POST", f"/files/{other}/undelete"), 404)
    assert "true or false" in problem(soft.call("GET", "/files?deleted=1"), 400)
    problem(soft.call("GET", "/files?deleted=true&limit=0"), 400)
    problem(soft.call("GET", "/files?deleted=true&after=nothing"), 400)


def test_without_soft_delete_files_are_gone(service):
    file_id = service.upload(b"x")
    assert service.call("DELETE", f"/delete/{file_id}").status == 200
    problem(service.call("POST", f"/files/{file_id}/undelete"), 404)
    assert service.call("GET", "/files?deleted=true").json() == {"files": [], "next": None}
