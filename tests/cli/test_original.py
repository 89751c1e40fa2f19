"""A store of the original system is read by ours, and ours by the original."""

import io
import json
import math

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
    assert_succeeds(tool.run("download", file_id, *local.options), out=f"{file_id}\n".encode())
    assert (tool.directory / file_id).read_bytes() == BODY


def nested(levels):
    inner = []
    for _ in range(levels - 1):
        inner = [inner]
    return inner


# What json.dump wrote, and what of it is told: beyond JSON, or beyond a double, a number is its spelling.
UNUSUAL = {
    "half a pair": ({"title": "x\udcfc\ud83dy"}, {"title": "x\ufffd\ufffdy"}),
    "a whole pair": ({"title": "\U0001f5c2\ud83d"}, {"title": "\U0001f5c2\ufffd"}),
    "half a pair as key": ({"\udcfc": 1}, {"\ufffd": 1}),
    "no number": ({"a": [math.nan, {"b": math.inf}], "c": -math.inf}, {"a": ["NaN", {"b": "Infinity"}], "c": "-Infinity"}),
    "words of numbers": ({"a": "NaN, Infinity \\", "NaN": "\"NaN"}, {"a": "NaN, Infinity \\", "NaN": "\"NaN"}),
    "a huge number": ({"a": 10**400, "b": -(10**308)}, {"a": str(10**400), "b": -(10**308)}),
    "much": ({"a": "x" * 1_500_000, "b": "y" * 1_500_000}, {"a": "x" * 1_500_000, "b": "y" * 1_500_000}),
    "deep": ({"a": nested(200)}, {"a": nested(200)}),
    "a key of ours": ({"filestore": "mine"}, {"filestore": "mine"}),
    "an object under a key of ours": ({"filestore": {"mine": [1]}}, {"filestore": {"mine": [1]}}),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_the_original_wrote_and_others_would_refuse(tool, local, original, name):
    given, told = UNUSUAL[name]
    file_id = original.upload(NAME, io.BytesIO(BODY), given)
    assert_succeeds(tool.run("download", file_id, "-o", "-", *local.options), out=BODY)
    shown = tool.run("metadata", file_id, "--json", *local.options)
    assert_succeeds(shown)
    assert json.loads(shown.out)["metadata"] == told
    assert_succeeds(tool.run("metadata", file_id, *local.options))
    assert_succeeds(tool.run("delete", file_id, *local.options))
    assert_fails(tool.run("delete", file_id, *local.options), 3, file_id)
    ((recorded,),) = local.catalogue.rows("SELECT metadata FROM file_uploads")
    assert json.loads(recorded) == told


def test_a_name_of_the_original_that_is_not_utf8(tool, local, original):
    file_id = original.upload("gr\udcfc\udcdfe.txt", io.BytesIO(BODY))
    assert_succeeds(tool.run("download", file_id, *local.options), out="gr\ufffd\ufffde.txt\n".encode())


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
