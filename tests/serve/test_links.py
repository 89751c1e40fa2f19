"""URLs that are signed by the key of a local store, and the route that answers them. Signatures are made here, too, as local_backend.h says."""

import hashlib
import hmac
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from access import SIGNING, bearer, new_key, start
from service import Service, new_id
from test_file_routes import problem

BODY = bytes(range(256)) * 100
KEY = SIGNING["url_key"].encode()


def signature(file_id, method, expires, key=KEY):
    return hmac.new(key, f"filestore-url-1\n{method}\n{file_id}\n{expires}".encode(), hashlib.sha256).hexdigest()


def target(file_id, method="GET", expires=None, key=KEY):
    expires = int(time.time()) + 100 if expires is None else expires
    return f"/signed/{file_id}?method={method}&expires={expires}&signature={signature(file_id, method, expires, key)}"


class Linked:
    def __init__(self, tool, local, **settings):
        self.key, entry = new_key(tool)
        self.service = start(tool, local, store=SIGNING, keys=[entry], **settings)

    def put(self, content=BODY, name="a.bin", kind="application/octet-stream"):
        path = f"/files?filename={urllib.parse.quote(name)}"
        return self.service.call("PUT", path, content, {"Content-Type": kind, **bearer(self.key)}).json()["file_id"]

    def link(self, file_id, expires=60):
        answer = self.service.call("POST", f"/files/{file_id}/link?expires={expires}", headers=bearer(self.key))
        assert answer.status == 200, answer
        return answer.json()["url"]


@pytest.fixture
def linked(tool, local):
    return Linked(tool, local)


def test_a_link_needs_no_key(linked):
    file_id = linked.put(name="März.bin")
    url = linked.link(file_id)
    base = f"http://{linked.service.address}"
    assert url.startswith(f"{base}/signed/{file_id}?")
    path = url.removeprefix(base)
    whole = linked.service.call("GET", path)
    assert (whole.status, whole.body) == (200, BODY)
    assert whole.header("content-disposition") == "attachment; filename=\"M_rz.bin\"; filename*=UTF-8''M%C3%A4rz.bin"
    head = linked.service.call("HEAD", path)
    assert head.status == 200 and head.header("content-length") == str(len(BODY)) and head.header("etag") == whole.header("etag")
    part = linked.service.call("GET", path, headers={"Range": "bytes=10-19"})
    assert (part.status, part.body, part.header("content-range")) == (206, BODY[10:20], f"bytes 10-19/{len(BODY)}")
    assert linked.service.call("GET", path, headers={"If-None-Match": whole.header("etag")}).status == 304
    assert linked.service.call("GET", f"/files/{file_id}/content").status == 401
    # Pages of others may show what anybody may read.
    assert whole.header("cross-origin-resource-policy") == "cross-origin"
    own = linked.service.call("GET", f"/files/{file_id}/content", headers=bearer(linked.key))
    assert own.header("cross-origin-resource-policy") == "same-origin"
    for method in ("PUT", "POST", "DELETE"):
        assert linked.service.call(method, path).status in (401, 405)
    assert linked.service.call("GET", f"/files/{file_id}", headers=bearer(linked.key)).status == 200


def test_a_link_leads_to_the_host_that_was_asked(tool, local):
    """Where a service listens at every address, it cannot know by which of them its callers reach it."""
    everywhere = Linked(tool, local, listen="0.0.0.0:0")
    file_id = everywhere.put()
    port = everywhere.service.port

    def link(host):
        answer = everywhere.service.call("POST", f"/files/{file_id}/link", headers={"Host": host, **bearer(everywhere.key)})
        return urllib.parse.urlsplit(answer.json()["url"])

    for host in (f"127.0.0.1:{port}", "files.example", f"[::1]:{port}"):
        found = link(host)
        assert (found.scheme, found.netloc, found.path) == ("http", host, f"/signed/{file_id}")
        assert everywhere.service.call("GET", f"{found.path}?{found.query}").body == BODY
    # What is no host leads nowhere.
    for host in ("evil.example/x?", "user@evil.example", "a b"):
        assert link(host).netloc == f"0.0.0.0:{port}"


def test_a_link_leads_to_the_host_that_is_configured(tool, local):
    named = Linked(tool, local, listen="0.0.0.0:0", hosts=["files.example"])
    assert named.link(named.put()).startswith("http://files.example/signed/")
    named.service.stop()
    own = Linked(tool, local)
    answer = own.service.call("POST", f"/files/{own.put()}/link", headers={"Host": "other.example", **bearer(own.key)})
    assert answer.json()["url"].startswith(f"http://{own.service.address}/signed/")


@pytest.mark.parametrize(
    "kind, shown",
    [("text/html", False), ("image/svg+xml", False), ("application/xhtml+xml", False), ("text/plain", True), ("image/png", True), ("video/mp4", True)],
)
def test_what_a_browser_shows(linked, kind, shown):
    file_id = linked.put(b"<script>alert(1)</script>", "a", kind)
    answer = linked.service.call("GET", target(file_id))
    assert answer.header("content-type") == kind
    assert answer.header("content-disposition").startswith("inline" if shown else "attachment")
    assert answer.header("x-content-type-options") == "nosniff" and "sandbox" in answer.header("content-security-policy")


def test_a_signature_that_we_make(linked):
    file_id = linked.put()
    assert linked.service.call("GET", target(file_id)).body == BODY
    assert problem(linked.service.call("GET", target(new_id())), 404)


def tampered(file_id, other):
    now = int(time.time())
    right = target(file_id)
    sign = right[-64:]
    return {
        "another file": right.replace(file_id, other),
        "later": right.replace(f"expires={now + 100}", f"expires={now + 1000}"),
        "expired": target(file_id, expires=now - 1),
        "expired just now": target(file_id, expires=now),
        "long ago": target(file_id, expires=0),
        "before all time": target(file_id, expires=-1),
        "beyond all time": target(file_id, expires=10**30),
        "no number": target(file_id, expires="soon"),
        "to store": target(file_id, method="PUT"),
        "to delete": target(file_id, method="DELETE"),
        "another method": right.replace("method=GET", "method=HEAD"),
        "method in small letters": target(file_id, method="get"),
        "another key": target(file_id, key=b"another key that signs, of 32 bytes"),
        "no key": target(file_id, key=b""),
        "cut": right[:-1],
        "longer": right + "0",
        "another digit": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "first digit": right.replace(sign, ("0" if sign[0] != "0" else "1") + sign[1:]),
        "in capitals": right.replace(sign, sign.upper()) if sign.upper() != sign else right + "x",
        "no signature": right[: -len(sign)],
        "without signature": right[: right.index("&signature")],
        "without expiry": f"/signed/{file_id}?method=GET&signature={sign}",
        "without method": right.replace("method=GET&", ""),
        "nothing": f"/signed/{file_id}",
        "twice": right + "&method=GET",
        "expires twice": right + f"&expires={now + 10_000}",
        "more": right + "&x=1",
        "id in the query": f"/signed/x?{right.split('?')[1]}",
        "id with a zero byte": right.replace(file_id, file_id + "%00"),
        "id and claims in the path": f"/signed/{urllib.parse.quote(right.removeprefix('/signed/'), safe='')}",
        "upward": right.replace(file_id, "..%2F" + file_id),
    }


@pytest.mark.parametrize("case", tampered(new_id(), new_id()))
def test_other_urls_are_refused(linked, case):
    file_id, other = linked.put(b"one"), linked.put(b"other")
    path = tampered(file_id, other)[case]
    for method in ("GET", "HEAD"):
        answer = linked.service.call(method, path)
        # What stands below another path is nobody's to ask for without a key.
        assert answer.status == (401 if case == "upward" else 403), answer
        assert b"one" not in answer.body and b"other" not in answer.body
    assert linked.service.call("GET", target(file_id)).body == b"one"


def test_a_host_of_its_own(tool, local):
    linked = Linked(tool, local, hosts=["files.example"])
    assert linked.link(linked.put()).startswith("http://files.example/signed/")


def test_without_a_key_to_sign_with(tool, local):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry])
    file_id = service.call("PUT", "/files", b"x", bearer(key)).json()["file_id"]
    assert service.call("POST", f"/files/{file_id}/link", headers=bearer(key)).status == 501
    for secret in (KEY, b"", b"\0" * 32):
        assert service.call("GET", target(file_id, key=secret)).status == 403


def test_guesses_are_limited(tool, local):
    linked = Linked(tool, local, rate=5)
    file_id = linked.put()
    assert 429 in [linked.service.call("GET", target(file_id, key=b"x" * 32)).status for _ in range(30)]


@pytest.mark.parametrize(
    "kind, name, disposition",
    [
        ("text/html", "a page.html", 'attachment; filename="a page.html"'),
        ("image/svg+xml", "März.svg", "attachment; filename=\"M_rz.svg\"; filename*=UTF-8''M%C3%A4rz.svg"),
        ("application/xhtml+xml", 'a"b\\c.xhtml', "attachment; filename=\"c.xhtml\""),
        ("text/plain", "a+b & c.txt", 'inline; filename="a+b & c.txt"'),
    ],
)
def test_a_link_to_s3_shows_no_page(tool, gateway, kind, name, disposition):
    """The server there says what the service would."""
    service = Service.of_tool(tool, gateway)
    answer = service.call("PUT", f"/files?filename={urllib.parse.quote(name)}", b"<script>alert(1)</script>", {"Content-Type": kind})
    url = service.call("POST", f"/files/{answer.json()['file_id']}/link").json()["url"]
    with urllib.request.urlopen(url, timeout=60) as got:
        assert got.read() == b"<script>alert(1)</script>"
        assert (got.headers["Content-Disposition"], got.headers["Content-Type"]) == (disposition, kind)
    # It is part of what is signed.
    for changed in (url.replace("response-content-disposition=", "response-content-disposition=x"), url.replace("response-content-type=", "response-content-type=x")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(changed, timeout=60)
        assert refused.value.code == 403
    assert service.call("POST", f"/files/{new_id()}/link").status == 404


def test_a_link_of_the_command(tool, linked, local):
    """Made without the service, and answered by it."""
    file_id = linked.put(name="a.jsonl", kind="application/jsonl")
    base = f"http://{linked.service.address}"
    options = ["--option", f"url_base={base}/signed", "--option", f"url_key={SIGNING['url_key']}"]
    printed = tool.run("link", file_id, "--expires", "1h", *options, *local.options)
    assert printed.code == 0, printed
    answer = linked.service.call("GET", printed.out.decode().strip().removeprefix(base))
    assert (answer.status, answer.body, answer.header("content-type")) == (200, BODY, "application/jsonl")
    assert answer.header("content-disposition") == 'attachment; filename="a.jsonl"'
