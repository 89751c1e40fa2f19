"""What the rules of the store refuse, each with a status of its own."""

import pytest
from service import Service, file_part, form

PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture
def strict(tool, local):
    return Service.of_tool(tool, local, "--option", "type_policy=strict", "--option", "max_size=1000", "--option", "denied_extensions=exe")


@pytest.mark.parametrize(
    "name, content_type, content, status, words",
    [
        ("a.png", "image/png", PAGE, 415, b"text/html"),
        ("a.exe", "application/octet-stream", b"x", 415, b"exe"),
        ("a.txt", "text/plain", b"x" * 1001, 413, b"1000"),
        ("a.txt", "text/plain", b"x" * 500_000, 413, b"1000"),
    ],
)
def test_what_breaks_a_rule(strict, local, name, content_type, content, status, words):
    by_form = strict.call("POST", "/upload", *form(file_part(content, name, content_type)))
    assert by_form.status == status and words in by_form.body and list(by_form.json()) == ["detail"], by_form
    put = strict.call("PUT", f"/files?filename={name}", content, {"Content-Type": content_type})
    assert put.status == status and words in put.body and put.header("content-type") == "application/problem+json", put
    local.assert_empty()


def test_what_keeps_the_rules(strict, local):
    file_id = strict.upload(b"a text\n")
    assert local.stored() == {file_id: b"a text\n"}
