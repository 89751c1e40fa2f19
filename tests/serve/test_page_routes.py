"""How the web page is answered. What it does stands in tests/page."""

import pathlib
import re

import pytest
from service import new_id
from test_access import new_key, start

PAGE = pathlib.Path(__file__).parents[2] / "tools" / "filestore" / "serve" / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = sorted(path.name for path in PAGE.iterdir() if path.suffix in TYPES)


def path_of(name):
    return "/" if name == "index.html" else f"/page/{name}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_page(service, name):
    answer = service.call("GET", path_of(name))
    assert (answer.status, answer.body) == (200, (PAGE / name).read_bytes())
    assert answer.header("content-type") == TYPES[pathlib.Path(name).suffix]
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("x-content-type-options") == "nosniff"
    policy = answer.header("content-security-policy")
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy and "*" not in policy
    head = service.call("HEAD", path_of(name))
    # A second may begin between the two.
    assert (head.status, head.body, {**head.headers, "date": ""}) == (200, b"", {**answer.headers, "date": ""})


@pytest.mark.parametrize("name", FILES)
def test_a_page_that_is_known_already(service, name):
    tag = service.call("GET", path_of(name)).header("etag")
    again = service.call("GET", path_of(name), headers={"If-None-Match": tag})
    assert (again.status, again.body, again.header("etag")) == (304, b"", tag)
    assert service.call("GET", path_of(name), headers={"If-None-Match": '"another"'}).status == 200
    assert service.call("GET", path_of(name), headers={"Range": "bytes=0-1"}).status == 200


def test_the_files_of_the_page_differ(service):
    assert len({service.call("GET", path_of(name)).header("etag") for name in FILES}) == len(FILES)


@pytest.mark.parametrize("path", ["/page/", "/page", "/page/nothing.js", "/page/openapi.json", "/page/..%2Fserve.cpp", "/page/%00", f"/page/{new_id()}", "/index.html"])
def test_what_is_no_file_of_the_page(service, path):
    assert service.call("GET", path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_read(service, method):
    answer = service.call(method, "/")
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD")


def test_the_page_asks_for_the_key_itself(tool, local):
    _, entry = new_key(tool)
    service = start(tool, local, keys=[entry])
    for name in FILES:
        assert service.call("GET", path_of(name)).status == 200
    assert service.call("GET", "/files").status == 401


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_elsewhere(name):
    text = (PAGE / name).read_text()
    elsewhere = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"']*", text))
    assert elsewhere <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\son[a-z]+=\"|style=\"|javascript:", text)
