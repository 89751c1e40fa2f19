"""Uploads by parts of the API of OpenAI, at /v1/uploads."""

import concurrent.futures
import hashlib
import json
import os
import random
import time

import openai
import pytest
from openai_calls import client_of, content_of, data_field, nothing_stored, refused
from service import Service, form, new_id
from waiting import wait_until

MIB = 1 << 20
CONTENT = random.Random(4).randbytes(3_000_000)
PIECES = [CONTENT[:1], CONTENT[1:1_000_000], CONTENT[1_000_000:2_500_000], CONTENT[2_500_000:]]


@pytest.fixture(params=["local", "s3"])
def store(request):
    return request.getfixturevalue({"local": "local", "s3": "gateway"}[request.param])


def post(service, path, told=None):
    body = b"" if told is None else json.dumps(told).encode()
    return service.call("POST", f"/v1/uploads{path}", body, {} if told is None else {"Content-Type": "application/json"})


def begun(service, size=len(CONTENT), **more):
    answer = post(service, "", {"bytes": size, "filename": "a.bin", "mime_type": "text/plain", "purpose": "user_data", **more})
    assert answer.status == 200, answer
    return answer.json()["id"]


def send(service, upload, piece):
    body, kind = form(data_field(piece))
    return service.call("POST", f"/v1/uploads/{upload}/parts", body, kind)


def sent(service, upload, piece):
    answer = send(service, upload, piece)
    assert answer.status == 200 and answer.json()["upload_id"] == upload, answer
    return answer.json()["id"]


def complete(service, upload, parts, **more):
    return post(service, f"/{upload}/complete", {"part_ids": parts, **more})


def held(store):
    """IDs of what is kept of uploads."""
    if store.kind == "local":
        directory = store.base / ".filestore" / "parts"
        return {path.name for path in directory.iterdir() if path.is_file()} if directory.exists() else set()
    return {name.rpartition("/")[2] for name in store.stored() if "/" in name}


def files(store):
    return {name: body for name, body in store.stored().items() if "/" not in name}


def test_64_mib_by_the_client_of_python(service, local, tmp_path):
    content = os.urandom(MIB) * 64
    path = tmp_path / "large.bin"
    path.write_bytes(content)
    done = client_of(service).uploads.upload_file_chunked(
        file=path, mime_type="application/octet-stream", purpose="batch", part_size=24 * MIB, md5=hashlib.md5(content).hexdigest()
    )
    assert (done.status, done.bytes, done.file.filename, done.file.purpose) == ("completed", 64 * MIB, "large.bin", "batch")
    assert content_of(service, done.file.id) == content
    assert client_of(service).files.retrieve(done.file.id) == done.file
    service.stop()
    assert list(files(local)) == [done.file.id.removeprefix("file-")]
    assert held(local) == {done.id.removeprefix("upload_")}
    local.catalogue.assert_nothing_open()


def test_parts_at_once_in_any_order_and_again(tool, store):
    service = Service.of_tool(tool, store)
    upload = begun(service, expires_after={"anchor": "created_at", "seconds": 3600})
    order = [2, 0, 3, 1, 2]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        ids = list(threads.map(lambda number: sent(service, upload, PIECES[number]), order))
    assert nothing_stored(service)
    answer = complete(service, upload, [ids[1], ids[3], ids[4], ids[2]], md5=hashlib.md5(CONTENT).hexdigest().upper())
    assert answer.status == 200, answer
    file = answer.json()["file"]
    assert (file["bytes"], file["filename"], file["expires_at"] - file["created_at"]) == (len(CONTENT), "a.bin", 3600)
    assert content_of(service, file["id"]) == CONTENT
    # A client whose answer was lost gets it again.
    again = complete(service, upload, [])
    assert (again.status, again.json()) == (200, answer.json())
    refused(send(service, upload, b"x"), 400, "upload_id")
    refused(post(service, f"/{upload}/cancel"), 400, "upload_id")
    service.stop()
    assert files(store) == {file["id"].removeprefix("file-"): CONTENT}
    # The part that was not named is left to the sweep.
    assert held(store) == {upload.removeprefix("upload_"), ids[0].removeprefix("part_")}
    store.catalogue.assert_nothing_open()


def test_any_process_goes_on(tool, gateway):
    first, second = Service.of_tool(tool, gateway), Service.of_tool(tool, gateway)
    upload = begun(first)
    ids = [sent(service, upload, piece) for service, piece in zip((first, second, first, second), PIECES)]
    first.process.kill()
    first.process.wait()
    answer = complete(second, upload, ids)
    assert answer.status == 200, answer
    assert content_of(second, answer.json()["file"]["id"]) == CONTENT


def test_the_file_of_an_upload_is_made_once(tool, store):
    service = Service.of_tool(tool, store)
    upload = begun(service)
    ids = [sent(service, upload, piece) for piece in PIECES]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        answers = list(threads.map(lambda _: complete(service, upload, ids), range(4)))
    assert {answer.status for answer in answers} <= {200, 409}
    made = {answer.json()["file"]["id"] for answer in answers if answer.status == 200}
    assert len(made) == 1
    service.stop()
    assert len(files(store)) == 1


def test_a_wrong_md5_stores_nothing(tool, store):
    service = Service.of_tool(tool, store)
    upload = begun(service)
    ids = [sent(service, upload, piece) for piece in PIECES]
    refused(complete(service, upload, ids, md5="0" * 32), 400, "md5")
    refused(complete(service, upload, ids[::-1], md5=hashlib.md5(CONTENT).hexdigest()), 400, "md5")
    assert nothing_stored(service)
    assert complete(service, upload, ids, md5=hashlib.md5(CONTENT).hexdigest()).status == 200


def test_completions_that_are_refused(service, local):
    upload, other = begun(service), begun(service)
    ids = [sent(service, upload, piece) for piece in PIECES]
    foreign = sent(service, other, b"x")
    for parts in (ids[:-1], [], ids + [ids[0]], [*ids[:-1], foreign], [*ids[:-1], f"part_{new_id()}"], [*ids[:-1], "x"], [1], {}, None):
        refused(complete(service, upload, parts), 400, "part_ids")
    # The record of an upload is no part.
    refused(complete(service, upload, [upload.replace("upload_", "part_")]), 400, "part_ids")
    for md5 in ("x", 1, "g" * 32):
        refused(complete(service, upload, ids, md5=md5), 400, "md5")
    refused(service.call("POST", f"/v1/uploads/{upload}/complete", b"[", {"Content-Type": "application/json"}), 400)
    refused(service.call("POST", f"/v1/uploads/{upload}/complete", b"{}", {"Content-Type": "text/plain"}), 415)
    long = b'{"part_ids": "' + b"x" * MIB + b'"}'
    refused(service.call("POST", f"/v1/uploads/{upload}/complete", long, {"Content-Type": "application/json"}), 413)
    assert nothing_stored(service)
    assert complete(service, upload, ids, md5=None).status == 200


def test_names_of_no_upload(service):
    upload = begun(service)
    part = sent(service, upload, b"x")
    for name in ("x", "upload_", "upload_1", f"upload_{new_id()}", upload.replace("upload_", ""), part.replace("part_", "upload_")):
        refused(complete(service, name, []), 404, "upload_id")
        refused(send(service, name, b"x"), 404, "upload_id")
        refused(post(service, f"/{name}/cancel"), 404, "upload_id")


def test_a_cancelled_upload(service):
    client = client_of(service)
    upload = client.uploads.create(bytes=1, filename="a", mime_type="text/plain", purpose="batch")
    assert (upload.object, upload.status, upload.file, upload.expires_at - upload.created_at) == ("upload", "pending", None, 3600)
    part = client.uploads.parts.create(upload.id, data=b"x")
    assert (part.object, part.upload_id) == ("upload.part", upload.id)
    assert client.uploads.cancel(upload.id).status == "cancelled"
    assert client.uploads.cancel(upload.id).status == "cancelled"
    for call in (lambda: client.uploads.parts.create(upload.id, data=b"x"), lambda: client.uploads.complete(upload.id, part_ids=[part.id])):
        with pytest.raises(openai.BadRequestError, match="cancelled"):
            call()
    assert nothing_stored(service)


RIGHT = {"bytes": 1, "filename": "a", "mime_type": "text/plain", "purpose": "batch"}
WRONG = {
    "bytes": [None, 0, -1, 1.5, "1", 2**64],
    "filename": [None, "", 1, "x" * 5000],
    "mime_type": [None, "", "text/plain\n", "ü"],
    "purpose": [None, "fun", 1],
    "expires_after": ["x", 3600],
    "expires_after.anchor": [{}, {"seconds": 3600}],
    "expires_after.seconds": [{"anchor": "created_at"}, {"anchor": "created_at", "seconds": 3599}, {"anchor": "created_at", "seconds": "3600"}],
}


@pytest.mark.parametrize("param", WRONG)
def test_uploads_that_are_refused(service, param):
    for value in WRONG[param]:
        refused(post(service, "", {**RIGHT, param.split(".")[0]: value}), 400, param)
    if param in RIGHT:
        refused(post(service, "", {name: value for name, value in RIGHT.items() if name != param}), 400, param)


def test_an_upload_that_is_too_large(tool, local):
    service = Service.of_tool(tool, local, "--option", "max_size=1000")
    refused(post(service, "", {**RIGHT, "bytes": 1001}), 413)
    assert post(service, "", {**RIGHT, "bytes": 1000}).status == 200


def test_a_part_that_is_too_large(service, local):
    upload = begun(service)
    refused(send(service, upload, bytes(64 * MIB + 1)), 413, "data")
    sent(service, upload, bytes(64 * MIB))
    service.stop()
    assert len(held(local)) == 2


def test_parts_that_are_refused(service):
    upload = begun(service)
    for fields in ((), (data_field(b"x"), data_field(b"y"))):
        body, kind = form(*fields)
        refused(service.call("POST", f"/v1/uploads/{upload}/parts", body, kind), 400, "data")
    refused(service.call("POST", f"/v1/uploads/{upload}/parts", b"x", {"Content-Type": "text/plain"}), 400)


def test_a_part_that_is_cut(tool, store):
    service = Service.of_tool(tool, store)
    upload = begun(service)
    body, kind = form(data_field(CONTENT))
    head = f"POST /v1/uploads/{upload}/parts HTTP/1.1\r\nHost: {service.address}\r\nContent-Type: {kind['Content-Type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    with service.connect() as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
    service.stop()
    assert held(store) == {upload.removeprefix("upload_")}


def test_a_name_with_a_newline(service):
    upload = begun(service, 1, filename="a\n\r\0b.txt")
    file = complete(service, upload, [sent(service, upload, b"x")]).json()["file"]
    assert file["filename"] == "a\n\r\0b.txt"
    answer = service.call("GET", f"/v1/files/{file['id']}/content")
    assert answer.body == b"x" and "\n" not in answer.header("content-disposition")


def test_an_upload_that_has_expired(service, local):
    upload = begun(service)
    path = local.base / ".filestore" / "parts" / upload.removeprefix("upload_")
    record = json.loads(path.read_text())
    record["expires_at"] = record["created_at"]
    path.write_text(json.dumps(record, separators=(",", ":")))
    for answer in (send(service, upload, b"x"), complete(service, upload, []), post(service, f"/{upload}/cancel")):
        assert "expired" in refused(answer, 400, "upload_id")


def test_what_is_old_is_swept(tool, local):
    service = Service.of_tool(tool, local)
    old, new = begun(service), begun(service)
    part = sent(service, old, b"x")
    service.stop()
    then = time.time() - 7 * 3600
    for name in (old.removeprefix("upload_"), part.removeprefix("part_")):
        os.utime(local.base / ".filestore" / "parts" / name, (then, then))
    service = Service.of_tool(tool, local)
    wait_until(lambda: held(local) == {new.removeprefix("upload_")}, service.process)
