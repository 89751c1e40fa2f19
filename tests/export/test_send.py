"""Files go to providers by the command, and their copies go with them."""

import contextlib
import hashlib
import json
import os
import sqlite3
import time

import pytest
from command import assert_fails, assert_succeeds
from conftest import KEY, KEY_VARIABLES, is_sent_name

MISSING_ID = "0b8f6c1e-5d2a-4f3b-9c7d-8e1f2a3b4c5d"


def only(values):
    (value,) = values
    return value


def test_a_file_is_sent_once(exporting, provider):
    file_id = exporting.upload(b"some bytes", "My report.txt")
    outcome = exporting.send(provider, file_id)
    assert_succeeds(outcome)
    provider_id, file = only(provider.files.items())
    assert outcome.lines == [provider_id]
    assert is_sent_name(file["name"], "My_report-", file_id, ".txt") and file["size"] == 10
    assert file["sha"] == hashlib.sha256(b"some bytes").hexdigest() and file["type"] == "text/plain"

    again = exporting.send(provider, file_id, "--json")
    assert_succeeds(again)
    told = json.loads(again.out)
    assert told["was_there"] and told["provider_id"] == provider_id and told["file_id"] == file_id
    assert len(provider.files) == 1

    forced = exporting.send(provider, file_id, "--again")
    assert_succeeds(forced)
    assert forced.lines == [list(provider.files)[1]]
    assert len(exporting.sent(file_id)) == len(set(provider.names())) == 2

    copy = exporting.sent(file_id)[0]
    assert copy["state"] == "sent" and copy["provider_id"] == provider_id and copy["base_url"] == provider.url
    assert copy["sent_name"] == file["name"] and copy["profile"] == provider.kind
    assert ("expires_at" in copy) == (provider.kind == "gemini")


def test_deleting_a_file_deletes_its_copies(exporting, start):
    providers = [start(kind) for kind in KEY_VARIABLES]
    file_id, other_id = exporting.upload(), exporting.upload(b"other", "other.txt")
    for provider in providers:
        assert_succeeds(exporting.send(provider, file_id, other_id))
    assert_succeeds(exporting.tool.run("delete", file_id), b"")
    for provider in providers:
        assert is_sent_name(only(provider.names()), "other-", other_id, ".txt")
    assert exporting.sent(file_id) == [] and len(exporting.sent()) == 3


@pytest.mark.parametrize("how", ["delete", "soft delete", "cleanup"])
def test_what_cannot_be_removed_now_is_removed_later(exporting, start, how):
    provider = start("openai")
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    without_key = {"environment": {"OPENAI_API_KEY": ""}}
    if how == "cleanup":
        long_ago = time.time() - 40 * 86400
        os.utime(exporting.tool.directory / "storage" / file_id, (long_ago, long_ago))
        with contextlib.closing(sqlite3.connect(exporting.catalogue)) as connection, connection:
            connection.execute("update file_uploads set uploaded_at = '2020-01-01T00:00:00.000000Z', checksum = null")
        deleted = exporting.tool.run("cleanup", "--yes", **without_key)
    else:
        grace = ["--option", "soft_delete_grace=1h"] if how == "soft delete" else []
        deleted = exporting.tool.run("delete", file_id, *grace, **without_key)
    assert deleted.code == 0 and b"there is no key of openai: set OPENAI_API_KEY" in deleted.err, deleted
    copy = only(exporting.sent(file_id))
    assert copy["state"] == "removing" and "OPENAI_API_KEY" in copy["reason"]

    still = exporting.tool.run("unsend", **without_key)
    assert_fails(still, 5, "still has a copy of file", file_id)
    assert len(provider.files) == 1

    # A file that is deleted is not sent.
    assert_fails(exporting.send(provider, file_id), 3)
    removed = exporting.tool.run("unsend", "--json")
    assert_succeeds(removed)
    assert json.loads(removed.out)["removed"] and provider.files == {} and exporting.sent() == []
    assert_succeeds(exporting.tool.run("unsend"), b"")


def test_a_copy_that_is_gone_counts_as_removed(exporting, provider):
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    provider.files.clear()
    assert_succeeds(exporting.tool.run("delete", file_id), b"")
    assert exporting.sent() == []


def test_unsend(exporting, start):
    one, other = start("openai"), start("anthropic")
    file_id = exporting.upload()
    for provider in (one, other):
        assert_succeeds(exporting.send(provider, file_id))
    assert_succeeds(exporting.tool.run("unsend", file_id, "--to", "openai", "--base-url", one.url), b"")
    assert one.files == {} and len(other.files) == 1
    assert_fails(exporting.tool.run("unsend", file_id, "--to", "openai"), 3, file_id, "no such copy")
    assert_succeeds(exporting.tool.run("unsend", file_id), b"")
    assert other.files == {} and exporting.sent() == []
    assert exporting.tool.run("exists", file_id).code == 0


def test_purposes_and_lifetimes(exporting, start):
    openai, anthropic = start("openai"), start("anthropic")
    file_id = exporting.upload(b"{}", "lines.jsonl")
    assert_succeeds(exporting.send(openai, file_id, "--purpose", "batch", "--expires", "2h"))
    assert dict(openai.asked("POST")[0].fields) == {"purpose": "batch", "expires_after[anchor]": "created_at", "expires_after[seconds]": "7200"}
    assert_succeeds(exporting.send(anthropic, file_id, "--expires", "1h"))
    assert anthropic.asked("POST")[0].fields == [("expires_in_seconds", "3600")]
    assert all("expires_at" in copy for copy in exporting.sent(file_id))
    # For another purpose it is another copy.
    assert_succeeds(exporting.send(openai, file_id))
    assert [file["purpose"] for file in openai.files.values()] == ["batch", "user_data"]


def test_an_expired_copy_is_sent_again(exporting, start):
    provider = start("openai")
    provider.lifetime = -10
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    assert only(exporting.sent(file_id))["state"] == "expired"
    provider.lifetime = 3600
    assert_succeeds(exporting.send(provider, file_id))
    assert len(provider.files) == 2
    copy = only(exporting.sent(file_id))
    assert copy["state"] == "sent" and copy["provider_id"] == list(provider.files)[1]


def test_an_expired_copy_is_forgotten(exporting, start):
    provider = start("anthropic")
    provider.lifetime = -10
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert exporting.sent() == []


def test_a_damaged_row_removes_nothing(exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    stranger = provider.add_file("somebody else's")
    with contextlib.closing(sqlite3.connect(exporting.catalogue)) as connection, connection:
        connection.execute("update provider_copies set provider_id = ?", (stranger,))
    assert only(exporting.sent(file_id))["state"] == "damaged"
    outcome = exporting.tool.run("delete", file_id)
    assert outcome.code == 0 and b"damaged" in outcome.err
    assert b"--forget-damaged" in outcome.err
    assert len(provider.files) == 2 and provider.asked("DELETE") == []


@pytest.mark.parametrize("of", ["the file", "all files"])
def test_a_damaged_row_is_forgotten_where_that_is_asked_for(exporting, start, of):
    provider = start("openai")
    file_id, other_id = exporting.upload(), exporting.upload(b"other", "other.txt")
    assert_succeeds(exporting.send(provider, file_id, other_id))
    provider_id = next(iter(provider.files))
    with contextlib.closing(sqlite3.connect(exporting.catalogue)) as connection, connection:
        connection.execute("update provider_copies set purpose = 'x' where provider_id = ?", (provider_id,))
    asked = len(provider.requests)
    outcome = exporting.tool.run("unsend", *([file_id] if of == "the file" else []), "--forget-damaged", "--json")
    assert outcome.code == 0 and json.loads(outcome.out)["dropped"], outcome
    for word in (file_id, provider_id, provider.url, "by hand"):
        assert word.encode() in outcome.err
    # Nobody was asked, and nothing else was touched.
    assert len(provider.requests) == asked and len(provider.files) == 2
    assert only(exporting.sent())["file_id"] == other_id
    assert_fails(exporting.tool.run("unsend", file_id, "--forget-damaged"), 3, "no such copy")


def test_bad_words_and_limits_send_nothing(exporting, start):
    openai, gemini = start("openai"), start("gemini")
    file_id = exporting.upload(kind="application/octet-stream")
    assert_fails(exporting.tool.run("send", file_id), 2, "--to openai, anthropic or gemini")
    assert_fails(exporting.tool.run("send", file_id, "--to", "opnai"), 2, "did you mean openai")
    assert_fails(exporting.tool.run("send", file_id, "--to", "openai", "--base-url", "http://api.example/v1"), 2, "without TLS")
    assert_fails(exporting.send(openai, MISSING_ID), 3, MISSING_ID)
    assert_fails(exporting.send(openai, file_id, "--purpose", "vision"), 4, file_id, "image/png")
    assert_fails(exporting.send(openai, file_id, "--expires", "31d"), 2, "2592000")
    assert_fails(exporting.send(gemini, file_id), 4, file_id, "application/octet-stream", "--content-type")
    assert_fails(exporting.send(openai, file_id, environment={"OPENAI_API_KEY": ""}), 5, "set OPENAI_API_KEY")
    assert_fails(exporting.send(gemini, exporting.upload(), environment={"GEMINI_API_KEY": ""}), 5, "set GOOGLE_API_KEY or GEMINI_API_KEY")
    assert_fails(exporting.send(openai, file_id, environment={"OPENAI_API_KEY": "two words"}), 5, "key")
    assert_fails(exporting.tool.run("send", file_id, "--to", "openai", "--option", "catalogue_path=off"), 2, "catalogue")
    assert_fails(exporting.tool.run("unsend", "--base-url", openai.url), 2, "--to")
    for url in ("http://127.0.0.1:99999/v1", "http://127.0.0.1:abc/v1", "http://[::1].evil/v1", "http://192.0.2.2/v1"):
        assert_fails(exporting.tool.run("send", file_id, "--to", "openai", "--base-url", url), 2, "base URL")
    assert openai.requests == [] and gemini.requests == [] and exporting.sent() == []


def test_a_file_above_the_limit_is_not_opened(exporting, start):
    provider = start("anthropic")
    large = exporting.tool.directory / "large"
    with open(large, "wb") as file:
        file.truncate(500 * (1 << 20) + 1)
    uploaded = exporting.tool.run("upload", "large", "--option", "checksum=off", "--option", "durability=none")
    large.unlink()
    assert_fails(exporting.send(provider, uploaded.lines[0]), 4, "524288001 bytes", "at most 524288000")
    assert provider.requests == []


def test_the_key_may_have_another_name(exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    keys = {"environment": {"OPENAI_API_KEY": "", "MOONSHOT_API_KEY": KEY}}
    assert_succeeds(exporting.send(provider, file_id, "--key-env", "MOONSHOT_API_KEY", **keys))
    assert provider.requests[0].header("authorization") == f"Bearer {KEY}"
    # It is remembered for the removal.
    assert_succeeds(exporting.tool.run("delete", file_id, **keys), b"")
    assert provider.files == {}


def test_each_key_has_its_copy(exporting, start):
    """It may be that of another account."""
    provider = start("openai")
    environment = {"environment": {"FIRST": "key-1", "OTHER": "key-2"}}
    file_id = exporting.upload()
    for variable in ("FIRST", "OTHER"):
        assert_succeeds(exporting.send(provider, file_id, "--key-env", variable, **environment))
        assert_succeeds(exporting.send(provider, file_id, "--key-env", variable, **environment))
    assert {copy["provider_id"] for copy in exporting.sent(file_id)} == set(provider.files) and len(provider.files) == 2
    assert_succeeds(exporting.tool.run("unsend", file_id, **environment))
    assert [request.header("authorization") for request in provider.asked("DELETE")] == ["Bearer key-1", "Bearer key-2"]


def test_large_files_go_in_parts(exporting, start):
    provider = start("openai")
    content = os.urandom(70 * (1 << 20))
    file_id = exporting.upload(content, "large.bin", "application/octet-stream")
    assert_succeeds(exporting.send(provider, file_id, "--parts-above", str(1 << 20)))
    upload = only(provider.uploads.values())
    parts = [content[:67108864], content[67108864:]]
    assert [(part[3], part[4]) for part in upload["parts"].values()] == [(len(part), hashlib.sha256(part).hexdigest()) for part in parts]
    assert upload["about"]["bytes"] == len(content) and upload["status"] == "completed"
    assert is_sent_name(only(provider.names()), "large-", file_id, ".bin")


def test_empty_files(exporting, provider):
    file_id = exporting.upload(b"")
    assert_succeeds(exporting.send(provider, file_id))
    assert only(provider.files.values())["size"] == 0


def test_help_names_the_commands(tool):
    text = tool.run("send", "--help").out.decode()
    for word in ("--to", "--base-url", "--purpose", "--key-env", "--expires", "--again", "--parts-above"):
        assert word in text
    assert all(f"  {command} " in tool.run("--help").out.decode() for command in ("send", "sent", "unsend"))
