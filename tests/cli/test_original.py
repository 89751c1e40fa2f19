"""A store of the original system is read by ours, and ours by the original."""

import io
import json

import pytest
from command import assert_fails, assert_succeeds, uploaded
from original_system import OriginalStorage

BODY = bytes(range(256)) * 300
NAME = "Ordner/Bericht für März – 日本語 🗂.pdf"
TEXTS = {"titel": "Übersicht \"quoted\" \\ / \u2028", "пользователь": "Ольга", "emoji": "🗂", "empty": ""}
VALUES = {"count": 3, "ratio": 0.25, "on": True, "nothing": None, "tags": ["a", {"b": [1, "ü"]}], "large": 12345678901234567890}
OURS = {"file_id", "original_path", "size"}


@pytest.fixture
def original(local):
    return OriginalStorage(local.base)


@pytest.mark.parametrize("metadata", [{}, TEXTS, {**TEXTS, **VALUES}], ids=["none", "texts", "values"])
def test_a_file_of_the_original_is_read(tool, local, original, metadata):
    file_id = original.upload(NAME, io.BytesIO(BODY), metadata)
    assert_succeeds(tool.run("exists", file_id, *local.options))
    assert_succeeds(tool.run("download", file_id, "-o", "-", *local.options), out=BODY)
    shown = tool.run("metadata", file_id, "--json", *local.options)
    assert_succeeds(shown)
    record = json.loads(shown.out)
    assert record["metadata"] == metadata
    assert (record["file_id"], record["original_path"], record["size"]) == (file_id, NAME, len(BODY))
    listed = tool.run("list", *local.options)
    assert [line.split()[:2] for line in listed.lines] == [[file_id, str(len(BODY))]]


def test_a_file_of_the_original_is_deleted_whole(tool, local, original):
    file_id = original.upload(NAME, io.BytesIO(BODY))
    assert_succeeds(tool.run("delete", file_id, *local.options), out=b"")
    assert not original.exists(file_id)
    local.assert_empty()
    assert_fails(tool.run("delete", file_id, *local.options), 3, file_id)


def test_a_file_that_the_original_left_without_a_record_is_downloaded(tool, local, original):
    file_id = original.upload("x", io.BytesIO(BODY))
    original.record_path(file_id).unlink()
    assert_succeeds(tool.run("download", file_id, "-o", "-", *local.options), out=BODY)


@pytest.mark.parametrize("body", [BODY, b""], ids=["bytes", "empty"])
def test_the_original_reads_ours(tool, local, original, body):
    metadata = [word for key, value in TEXTS.items() for word in ("--meta", f"{key}={value}")]
    file_id = uploaded(tool.run("upload", "-", "--name", NAME, *metadata, *local.options, stdin=body))
    assert original.exists(file_id)
    assert original.download(file_id) == body
    record = original.get_metadata(file_id)
    record.pop("filestore", None)
    assert record == {**TEXTS, "file_id": file_id, "original_path": NAME, "size": len(body)}


def test_the_original_deletes_ours(tool, local, original):
    file_id = uploaded(tool.run("upload", "-", *local.options, stdin=BODY))
    assert original.delete(file_id)
    assert tool.run("exists", file_id, *local.options).code == 3
    local.assert_empty()
