"""No web page of others uses a service that is there for programs of this machine."""

import pytest
from service import Service, file_part, form, new_id

CHANGES = {
    "upload": ("POST", "/upload", *form(file_part(b"hello"))),
    "put": ("PUT", "/files", b"hello", {}),
    "delete": ("DELETE", "/delete/{id}", None, {}),
    "cleanup": ("POST", "/cleanup?days=1", None, {}),
    "link": ("POST", "/files/{id}/link", None, {}),
}
READS = {
    "download": ("GET", "/download/{id}", None, {}),
    "show": ("GET", "/files/{id}", None, {}),
    "list": ("GET", "/files", None, {}),
    "health": ("GET", "/healthz", None, {}),
    "page": ("GET", "/", None, {}),
    "script": ("GET", "/page/app.js", None, {}),
    "unknown": ("GET", "/nothing", None, {}),
}
FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://{address}"},
    {"Origin": "http://{address}.evil.example"},
    {"Origin": "http://evil.example/http://{address}"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none of these"},
]
OWN = [
    {},
    {"Origin": "http://{address}"},
    {"Origin": "http://localhost:{port}"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]
STRANGE_HOSTS = ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost", "127.0.0.1:1", "", "{address}.", "127.0.0.2:{port}", "{address},evil.example"]


def call(service, file_id, method, path, body, headers, **more):
    named = {name: value.format(address=service.address, port=service.port) for name, value in more.get("more", {}).items()}
    return service.call(method, path.format(id=file_id), body, {**headers, **named})


@pytest.fixture
def file_id(service):
    return service.upload(b"kept")


@pytest.mark.parametrize("host", STRANGE_HOSTS)
@pytest.mark.parametrize("name", [*CHANGES, *READS])
def test_an_unlisted_host(service, local, file_id, name, host):
    answer = call(service, file_id, *{**CHANGES, **READS}[name], more={"Host": host})
    assert answer.status in (400, 403) if host == "" else answer.status == 403, answer
    assert b"kept" not in answer.body and b"<html" not in answer.body
    assert local.stored() == {file_id: b"kept"}


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("name", CHANGES)
def test_a_foreign_page_changes_nothing(service, local, file_id, name, headers):
    answer = call(service, file_id, *CHANGES[name], more=headers)
    assert answer.status == 403, answer
    assert answer.header("access-control-allow-origin") is None
    assert local.stored() == {file_id: b"kept"}


@pytest.mark.parametrize("headers", OWN)
@pytest.mark.parametrize("name", CHANGES)
def test_a_page_of_ours_may(service, file_id, name, headers):
    assert call(service, file_id, *CHANGES[name], more=headers).status in (200, 201, 501)


@pytest.mark.parametrize("host", ["{address}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_the_hosts_of_this_machine(service, host):
    assert call(service, "", *READS["health"], more={"Host": host}).status == 200


def status_of_target(service, target, host, method="GET", version="1.1"):
    with service.connect() as connection:
        lines = [f"{method} {target} HTTP/{version}", *([f"Host: {host}"] if host is not None else []), "Connection: close", "Content-Length: 0"]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        return int(connection.makefile("rb").readline().split()[1])


def test_a_target_that_is_a_whole_url(service, local, file_id):
    """RFC 9112, 3.2.2: its authority counts, and the header Host does not."""
    own = service.address
    for target in (f"http://{own}/healthz", f"HTTP://{own}/healthz?x=1", f"https://{own}/healthz", f"http://{own}", f"http://{own}/download/{file_id}", f"http://localhost:{service.port}/"):
        for host in (own, "evil.example"):
            assert status_of_target(service, target, host) == 200, target
    assert status_of_target(service, f"http://{own}/healthz", None, version="1.0") == 200
    assert status_of_target(service, f"http://{own}/nothing", own) == 404
    for strange in ("evil.example", f"evil@{own}", "", f"{own}.evil.example"):
        assert status_of_target(service, f"http://{strange}/healthz", own) == 403, strange
        assert status_of_target(service, f"http://{strange}/delete/{file_id}", own, "DELETE") == 403, strange
    assert local.stored() == {file_id: b"kept"}
    assert status_of_target(service, f"http://{own}/delete/{file_id}", "evil.example", "DELETE") == 200


def test_a_host_that_is_allowed(tool, local):
    service = Service.of_tool(tool, local, "--allow-host", "files.example", "--allow-host", "b.example:81")
    for host in ("files.example", "b.example:81"):
        assert service.call("GET", "/healthz", headers={"Host": host}).status == 200
        assert service.call("PUT", "/files", b"", {"Host": host, "Origin": f"http://{host}"}).status == 201
    assert service.call("GET", "/healthz", headers={"Host": "b.example"}).status == 403


def test_a_preflight_allows_nothing(service):
    answer = service.call("OPTIONS", "/files", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"})
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["/healthz", "/download/{id}", "/files/{id}/content", "/download/{none}", "/nothing", "/files", "/", "/page/app.js"])
def test_security_headers(service, file_id, path):
    answer = service.call("GET", path.format(id=file_id, none=new_id()))
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("content-security-policy").startswith("default-src 'none'")
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    assert answer.header("referrer-policy") == "no-referrer"
    assert "server" not in answer.headers


def test_a_head_that_is_too_large(service):
    assert service.call("GET", "/healthz", headers={"X-Long": "x" * 20_000}).status == 200
    for path, headers in (("/healthz", {"X-Long": "x" * 200_000}), ("/" + "x" * 200_000, {})):
        assert service.call("GET", path, headers=headers).status in (413, 414, 431)
