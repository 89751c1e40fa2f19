"""A copy is known until its provider has said that it is gone; no provider keeps the copies of others waiting."""

import contextlib
import sqlite3
import threading

import pytest
from command import assert_succeeds
from provider import Fault
from test_send import only


@pytest.mark.parametrize(
    "kind, status, body",
    [
        ("openai", 200, {"id": "file-1", "deleted": False}),
        ("openai", 200, {"id": "file-9", "deleted": True}),
        ("openai", 404, {"error": {"message": "<proxy>"}}),
        ("openai", 404, {"error": {"message": "Unknown request URL", "type": "invalid_request_error", "param": None, "code": "unknown_url"}}),
        ("openai", 404, {"detail": "Not Found"}),
        ("openai", 404, "<html>"),
        ("anthropic", 200, {}),
        ("anthropic", 404, {"detail": "Not Found"}),
        ("anthropic", 404, {"type": "error", "error": {"type": "not_found_error", "message": "Not found"}}),
        ("gemini", 200, {"name": "files/f1"}),
        ("gemini", 404, {"error": "no route"}),
    ],
)
def test_what_does_not_say_so_is_no_removal(exporting, start, kind, status, body):
    provider = start(kind)
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    provider.faults.append(Fault("DELETE", ".*", status=status, body=body))
    outcome = exporting.tool.run("delete", file_id)
    assert outcome.code == 0 and b"still has a copy of file" in outcome.err, outcome
    assert only(exporting.sent(file_id))["state"] == "removing" and len(provider.files) == 1
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert provider.files == {} and exporting.sent() == []


OTHER_WORDS = [{"detail": "File not found"}, {"error": {"message": "no file", "code": 404}}, {"error": "no file"}, {"code": 404, "message": "no file"}]


@pytest.mark.parametrize("words", OTHER_WORDS)
def test_a_file_that_is_gone_by_other_words(exporting, start, words):
    """Of services that are compatible: their list tells that the words mean what they say."""
    provider = start("openai")
    provider.other_words, provider.page_size = words, 2
    for number in range(3):
        provider.add_file(f"another {number}")
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    provider.files.popitem()
    assert_succeeds(exporting.tool.run("delete", file_id), b"")
    assert exporting.sent() == [] and len(provider.asked("GET")) == 2


@pytest.mark.parametrize("listed", [{"detail": "Not Found"}, {"detail": "empty"}, "<html>"])
def test_a_place_that_knows_no_files_is_not_believed(exporting, start, listed):
    """As of a base URL that leads elsewhere by now."""
    provider = start("openai")
    provider.other_words = {"detail": "Not Found"}
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    files = dict(provider.files)
    provider.files.clear()
    provider.faults.append(Fault("GET", ".*", status=200 if listed == {"detail": "empty"} else 404, body=listed, times=100))
    outcome = exporting.tool.run("delete", file_id)
    assert outcome.code == 0 and b"check the base URL" in outcome.err, outcome
    assert only(exporting.sent(file_id))["state"] == "removing"
    provider.faults.clear()
    provider.files.update(files)
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert provider.files == {} and exporting.sent() == []


def test_a_damaged_time_forgets_nothing(exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    with contextlib.closing(sqlite3.connect(exporting.catalogue)) as connection, connection:
        connection.execute("update provider_copies set expires_at = '2000-01-01T00:00:00.000000Z'")
    outcome = exporting.tool.run("unsend")
    assert outcome.code == 7 and b"damaged" in outcome.err, outcome
    assert only(exporting.sent(file_id))["state"] == "damaged" and len(provider.files) == 1


def test_a_silent_provider_keeps_nobody_waiting(exporting, start):
    silent, other = start("anthropic"), start("openai")
    file_ids = [exporting.upload(), exporting.upload(b"more", "more.txt")]
    other_id, unsent_id = exporting.upload(b"other", "other.txt"), exporting.upload(b"unsent", "unsent.txt")
    assert_succeeds(exporting.send(silent, *file_ids))
    assert_succeeds(exporting.send(other, other_id))
    without_keys = {"environment": {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": ""}}
    assert exporting.tool.run("delete", *file_ids, other_id, **without_keys).code == 0
    held = threading.Event()
    silent.faults.append(Fault("DELETE", ".*", held=held, slow=True, times=100))
    outcome = exporting.tool.run("unsend", "--timeout", "6")
    assert outcome.code != 0 and other.files == {}, outcome
    # Each is told of, and asked for once only.
    for file_id in file_ids:
        assert f"anthropic ({silent.url}) still has a copy of file {file_id}: ".encode() in outcome.err
    assert len({request.path for request in silent.asked("DELETE")}) == 1
    asked = len(silent.asked())
    assert_succeeds(exporting.tool.run("delete", unsent_id), b"")
    assert len(silent.asked()) == asked
    held.set()
    silent.faults.clear()
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert silent.files == {} and exporting.sent() == []


def test_what_concerns_a_provider_is_asked_once(exporting, start):
    provider = start("openai")
    file_ids = [exporting.upload(), exporting.upload(b"more", "more.txt")]
    assert_succeeds(exporting.send(provider, *file_ids))
    provider.faults.append(Fault("DELETE", ".*", status=401))
    outcome = exporting.tool.run("delete", *file_ids)
    assert outcome.code == 0 and outcome.err.count(b"still has a copy of file") == 2, outcome
    assert len(provider.asked("DELETE")) == 1
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert provider.files == {} and exporting.sent() == []


def test_a_copy_that_stays_keeps_no_other(exporting, start):
    provider = start("openai")
    file_ids = [exporting.upload(str(number).encode(), f"{number}.txt") for number in range(4)]
    assert_succeeds(exporting.send(provider, *file_ids))
    first = next(iter(provider.files))
    provider.faults.append(Fault("DELETE", f".*/{first}", status=401, times=100))
    assert exporting.tool.run("delete", *file_ids).code == 0
    reasons = [copy["reason"] for copy in exporting.sent()]
    assert not reasons[0].startswith("not asked") and all(reason.startswith("not asked") and "401" in reason for reason in reasons[1:])
    assert exporting.tool.run("unsend").code != 0
    assert list(provider.files) == [first]


def test_several_copies_that_stay_keep_no_other(exporting, start):
    provider = start("openai")
    file_ids = [exporting.upload(str(number).encode(), f"{number}.txt") for number in range(4)]
    assert_succeeds(exporting.send(provider, *file_ids))
    staying = list(provider.files)[:2]
    provider.faults += [Fault("DELETE", f".*/{provider_id}", status=401, times=100) for provider_id in staying]
    assert exporting.tool.run("delete", *file_ids).code == 0
    for _ in range(3):
        assert exporting.tool.run("unsend").code != 0
    assert list(provider.files) == staying


def test_no_time_at_all_tells_what_waits(exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    held = threading.Event()
    provider.faults.append(Fault("DELETE", ".*", held=held, slow=True))
    outcome = exporting.tool.run("unsend", file_id, "--timeout", "1")
    held.set()
    assert outcome.code != 0 and f"still has a copy of file {file_id}".encode() in outcome.err, outcome
    assert only(exporting.sent(file_id))["state"] == "removing"


def test_a_file_that_is_missing_in_unknown_words_keeps_no_other_waiting(exporting, start):
    provider = start("openai")
    file_ids = [exporting.upload() for _ in range(3)]
    for file_id in file_ids:
        assert_succeeds(exporting.send(provider, file_id))
    gone, also_gone, there = list(provider.files)
    for provider_id in (gone, also_gone):
        provider.faults.append(Fault("DELETE", f".*/{provider_id}", status=404, body={"reason": "gone"}, times=100))
    provider.faults.append(Fault("DELETE", f".*/{there}", status=400))
    for file_id in file_ids:
        assert exporting.tool.run("delete", file_id).code == 0
    exporting.tool.run("unsend")
    assert there not in provider.files and {copy["state"] for copy in exporting.sent()} == {"removing"} and len(exporting.sent()) == 2
