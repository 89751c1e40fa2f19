"""Files of the API of OpenAI, at /v1/files: by its own clients, and as they would not ask for them."""

import json
import pathlib
import random
import subprocess
import time

import openai
import pytest
from access import bearer, new_key, start
from openai_calls import client_of, content_of, create, field, file_field, nothing_stored, refused, stored
from service import Service, form, new_id, part
from waiting import wait_until

HERE = pathlib.Path(__file__).parent
DAY = 24 * 3600
EXPIRY = (field("expires_after[anchor]", "created_at"), field("expires_after[seconds]", str(DAY)))
SMALL = b'{"a": 1}\n'
LARGE = random.Random(3).randbytes(9_000_000)


@pytest.fixture(scope="session")
def packages():
    return subprocess.run([HERE.parent / "servers" / "tools", "openai-node"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture(params=["local", "s3"])
def store(request):
    return request.getfixturevalue({"local": "local", "s3": "gateway"}[request.param])


def test_a_file_by_the_client_of_python(tool, local):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry])
    client = client_of(service, key)
    made = client.files.create(file=("März.jsonl", SMALL, "application/jsonl"), purpose="batch", expires_after={"anchor": "created_at", "seconds": DAY})
    assert (made.object, made.bytes, made.filename, made.purpose, made.status) == ("file", len(SMALL), "März.jsonl", "batch", "processed")
    assert abs(made.created_at - time.time()) < 60 and made.expires_at == made.created_at + DAY
    assert client.files.retrieve(made.id) == made
    assert list(client.files.list()) == [made]
    assert client.files.content(made.id).read() == SMALL
    file_id = made.id.removeprefix("file-")
    metadata = service.call("GET", f"/files/{file_id}", headers=bearer(key)).json()["metadata"]
    assert (metadata["openai_purpose"], metadata["filename"], metadata["content_type"]) == ("batch", "März.jsonl", "application/jsonl")
    deleted = client.files.delete(made.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (made.id, "file", True)
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            call(made.id)
    service.stop()
    assert local.catalogue.events() == [(file_id, "März.jsonl", 1)]
    local.assert_empty()


def test_files_by_the_client_of_node(packages, tool, store, tmp_path):
    key, entry = new_key(tool)
    if store.kind == "local":
        service = start(tool, store, keys=[entry])
    else:
        service = Service.of_tool(tool, store)
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    arguments = [packages, f"http://{service.address}/v1", key, path, 2_000_000]
    node = subprocess.run(["node", HERE / "openai_files.js", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert (node.returncode, node.stderr) == (0, ""), node
    whole, parts = json.loads(node.stdout)
    assert (whole["filename"], whole["purpose"], whole["expires_at"] - whole["created_at"]) == ("Ünïcode.jsonl", "batch", 3600)
    assert (parts["filename"], parts["purpose"], parts["expires_at"]) == ("parts.bin", "user_data", None)
    store.catalogue.assert_nothing_open()


@pytest.mark.parametrize("content", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("order", ["before", "behind", "around"])
def test_fields_in_any_order(tool, store, content, order):
    service = Service.of_tool(tool, store)
    file, purpose = file_field(content), field("purpose", "vision")
    orders = {"before": (purpose, *EXPIRY, file), "behind": (file, *EXPIRY, purpose), "around": (EXPIRY[0], file, EXPIRY[1], purpose)}
    answer = create(service, *orders[order])
    assert answer.status == 200, answer
    made = answer.json()
    assert (made["purpose"], made["bytes"], made["expires_at"] - made["created_at"]) == ("vision", len(content), DAY)
    assert service.call("GET", f"/v1/files/{made['id']}").json() == made
    assert content_of(service, made["id"]) == content
    service.stop()
    assert store.stored() == {made["id"].removeprefix("file-"): content}
    store.catalogue.assert_nothing_open()


def test_s3_has_to_know_of_an_expiry_before_a_file_with_a_purpose(tool, gateway):
    service = Service.of_tool(tool, gateway)
    message = refused(create(service, field("purpose", "vision"), file_field(LARGE), *EXPIRY), 400, "expires_after")
    assert "first" in message
    service.stop()
    gateway.assert_empty()


def test_pages(service):
    made = [stored(service, name=f"{number}.bin", purpose="vision" if number % 3 == 0 else "user_data") for number in range(7)]
    client = client_of(service)
    ids = [file["id"] for file in made]
    assert [file.id for file in client.files.list()] == ids[::-1]
    assert [file.id for file in client.files.list(order="asc", limit=2)] == ids
    assert [file.id for file in client.files.list(order="desc", limit=3)] == ids[::-1]
    assert [file.id for file in client.files.list(purpose="vision", order="asc", limit=2)] == [ids[0], ids[3], ids[6]]
    assert list(client.files.list(purpose="batch")) == []
    page = service.call("GET", f"/v1/files?order=asc&limit=2&after={ids[1]}").json()
    assert page == {"object": "list", "data": made[2:4], "first_id": ids[2], "last_id": ids[3], "has_more": True}
    # Where it goes on is known although that file has gone.
    client.files.delete(ids[1])
    assert [file.id for file in client.files.list(order="asc", after=ids[1], limit=3)] == ids[2:]
    last = service.call("GET", f"/v1/files?order=asc&after={ids[6]}").json()
    assert last == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


def test_files_that_came_another_way(service):
    file_id = service.upload(b"content", "a.txt")
    shown = service.call("GET", f"/v1/files/file-{file_id}").json()
    assert (shown["purpose"], shown["filename"], shown["bytes"], shown["expires_at"]) == ("user_data", "a.txt", 7, None)
    assert service.call("GET", "/v1/files?purpose=user_data").json()["data"] == [shown]


def test_without_a_catalogue_there_is_no_list(tool, local):
    service = Service.of_tool(tool, local, "--option", "catalogue_path=off")
    made = stored(service)
    refused(service.call("GET", "/v1/files"), 501)
    assert content_of(service, made["id"]) == b"content"


PURPOSE, FILE = field("purpose", "batch"), file_field(SMALL)
BAD_FORMS = {
    "no purpose": ((FILE,), "purpose"),
    "an empty purpose": ((field("purpose", ""), FILE), "purpose"),
    "an unknown purpose": ((field("purpose", "fun"), FILE), "purpose"),
    "an unknown purpose behind": ((FILE, field("purpose", "fun")), "purpose"),
    "a purpose of a provider's own files": ((field("purpose", "batch_output"), FILE), "purpose"),
    "a purpose that is too long": ((field("purpose", "x" * 2000), FILE), None),
    "no file": ((PURPOSE,), "file"),
    "a file that is text": ((PURPOSE, field("file", "text")), "file"),
    "two files": ((PURPOSE, FILE, FILE), "file"),
    "nothing": ((), "file"),
    "another anchor": ((PURPOSE, field("expires_after[anchor]", "now"), EXPIRY[1], FILE), "expires_after.anchor"),
    "no anchor": ((PURPOSE, EXPIRY[1], FILE), "expires_after.anchor"),
    "no seconds": ((PURPOSE, EXPIRY[0], FILE), "expires_after.seconds"),
    "too few seconds": ((PURPOSE, EXPIRY[0], field("expires_after[seconds]", "3599"), FILE), "expires_after.seconds"),
    "too many seconds": ((PURPOSE, EXPIRY[0], field("expires_after[seconds]", "2592001"), FILE), "expires_after.seconds"),
    "an expiry as one field": ((PURPOSE, field("expires_after", '{"anchor":"created_at","seconds":3600}'), FILE), "expires_after"),
    "two purposes": ((PURPOSE, field("purpose", "batch"), FILE), "purpose"),
    "seconds that are no number": ((PURPOSE, EXPIRY[0], FILE, field("expires_after[seconds]", "1h")), "expires_after.seconds"),
}


@pytest.mark.parametrize("case", BAD_FORMS)
def test_forms_that_are_refused(service, local, case):
    fields, param = BAD_FORMS[case]
    refused(create(service, *fields), 400, param)
    service.stop()
    local.assert_empty()


def test_bodies_that_are_no_form(service, local):
    refused(service.call("POST", "/v1/files", b"{}", {"Content-Type": "application/json"}), 400)
    body, kind = form(PURPOSE, FILE, end=b"")
    refused(service.call("POST", "/v1/files", body, kind), 400)
    assert nothing_stored(service)


@pytest.mark.parametrize("name", ["file-1", "1", "file-", f"file-{new_id().upper()}", f"file-{new_id()}", new_id(), "file-..%2F..%2Fx", "file-%00"])
def test_names_of_no_file(service, name):
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        refused(service.call(method, f"/v1/files/{name}{path}"), 404, "id" if "%2F" not in name else None)


@pytest.mark.parametrize("query, param", [("limit=0", "limit"), ("limit=10001", "limit"), ("limit=x", "limit"), ("order=up", "order"), ("after=x", "after")])
def test_lists_that_are_refused(service, query, param):
    refused(service.call("GET", f"/v1/files?{query}"), 400, param)


def test_a_list_behind_an_unknown_file(service):
    refused(service.call("GET", f"/v1/files?after=file-{new_id()}"), 400, "after")
    stored(service)
    refused(service.call("GET", f"/v1/files?after=file-{new_id()}"), 400, "after")


def test_keys(tool, local):
    key, entry = new_key(tool, scopes=("read",))
    service = start(tool, local, keys=[entry])
    with pytest.raises(openai.AuthenticationError) as failure:
        client_of(service, "wrong").files.list()
    assert failure.value.code == "invalid_api_key"
    client = client_of(service, key)
    assert list(client.files.list()) == []
    for call in (lambda: client.files.create(file=b"x", purpose="batch"), lambda: client.files.delete("file-1")):
        with pytest.raises(openai.PermissionDeniedError):
            call()
    with pytest.raises(openai.PermissionDeniedError):
        client.uploads.create(bytes=1, filename="a", mime_type="text/plain", purpose="batch")


def test_pages_of_others_and_wrong_methods(service):
    refused(create(service, PURPOSE, FILE, headers={"Origin": "https://evil.example"}), 403)
    refused(service.call("GET", "/v1/files", headers={"Host": "evil.example"}), 403)
    refused(service.call("PUT", "/v1/files", b""), 405)
    refused(service.call("GET", "/v1/models"), 404)
    assert nothing_stored(service)


@pytest.mark.parametrize("size", [1001, 20_000_000])
def test_a_file_that_is_too_large(tool, local, size):
    service = Service.of_tool(tool, local, "--option", "max_size=1000")
    refused(create(service, PURPOSE, file_field(bytes(size))), 413, "file")
    assert create(service, PURPOSE, file_field(bytes(1000))).status == 200


def test_a_type_that_is_not_allowed(tool, local):
    service = Service.of_tool(tool, local, "--option", "denied_extensions=exe")
    refused(create(service, PURPOSE, file_field(SMALL, "a.exe")), 415, "file")
    assert nothing_stored(service)


@pytest.mark.parametrize("order", ["before", "behind"])
def test_a_body_that_is_cut(tool, store, order):
    service = Service.of_tool(tool, store)
    body, kind = form(*((PURPOSE, file_field(LARGE)) if order == "before" else (file_field(LARGE), PURPOSE)))
    head = f"POST /v1/files HTTP/1.1\r\nHost: {service.address}\r\nContent-Type: {kind['Content-Type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    with service.connect() as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
    service.stop()
    store.assert_empty()


@pytest.mark.parametrize("name", ["a\nb.txt", "a\r\nX-Evil: 1\r\n.txt", '../"a"\\.txt', "\u202egpj.exe"])
def test_names(service, name):
    client = client_of(service)
    made = client.files.create(file=(name, SMALL, "text/html"), purpose="user_data")
    assert client.files.retrieve(made.id) == made
    answer = service.call("GET", f"/v1/files/{made.id}/content")
    assert answer.body == SMALL and answer.header("x-evil") is None
    assert answer.header("content-disposition").startswith("attachment") and answer.header("content-type") == "text/html"


def test_a_range(service):
    made = stored(service, bytes(range(100)))
    answer = service.call("GET", f"/v1/files/{made['id']}/content", headers={"Range": "bytes=10-19"})
    assert (answer.status, answer.body) == (206, bytes(range(10, 20)))
    refused(service.call("GET", f"/v1/files/{made['id']}/content", headers={"Range": "bytes=100-"}), 416)
    refused(service.call("GET", f"/v1/files/{made['id']}/content", headers={"If-Match": '"x"'}), 412)


def of_the_past(tool, store):
    """The ID of a file whose time was over before it came."""
    uploaded = tool.run(
        "upload", "-", "--meta", "openai_expires_at=2020-01-01T00:00:00Z", *store.options, environment=store.environment, stdin=SMALL
    )
    assert uploaded.code == 0, uploaded
    return uploaded.out.decode().strip()


def test_what_has_expired_is_gone(tool, store):
    service = Service.of_tool(tool, store)
    stays = stored(service)
    over = of_the_past(tool, store)
    for path in ("", "/content"):
        refused(service.call("GET", f"/v1/files/file-{over}{path}"), 404, "id")
    refused(service.call("GET", f"/v1/files/file-{over}/content", headers={"Range": "bytes=0-1"}), 404, "id")
    refused(service.call("DELETE", f"/v1/files/file-{over}"), 404, "id")
    assert service.call("GET", "/v1/files").json()["data"] == [stays]


def test_what_has_expired_is_deleted(tool, store):
    over = [of_the_past(tool, store) for _ in range(3)]
    service = Service.of_tool(tool, store)
    stays = create(service, PURPOSE, *EXPIRY, FILE).json()["id"].removeprefix("file-")
    wait_until(lambda: [file["file_id"] for file in service.call("GET", "/files").json()["files"]] == [stays], service.process)
    service.stop()
    assert {event[0]: event[2] for event in store.catalogue.events()} == {stays: 0, **{file_id: 1 for file_id in over}}
    store.catalogue.assert_nothing_open()


def test_a_part_without_a_name(service):
    refused(create(service, part(b"x", "Content-Disposition: form-data"), FILE), 400)
