"""Providers that refuse, break off and lose answers: nothing is sent twice, and the table is right."""

import hashlib
import os
import signal
import threading
import time

import pytest
from command import assert_fails, assert_succeeds
from conftest import KEY
from provider import MIB, Fault
from test_send import only

UPLOAD = {"openai": "/v1/files", "anthropic": "/v1/files", "gemini": "/upload/v1beta/files"}
LIST = {"openai": "/v1/files", "anthropic": "/v1/files", "gemini": "/v1beta/files"}


def fault(provider, **more):
    """Of the request that carries the file."""
    provider.faults.append(Fault("POST", UPLOAD[provider.kind], **more))


def test_refusals_are_told_and_leave_nothing(quick, exporting, provider):
    file_id = exporting.upload()
    codes = {400: "invalid_argument", 401: "unauthenticated", 403: "permission_denied", 404: "configuration", 409: "rejected", 413: "rejected"}
    for status, code in codes.items():
        for early in (False, True):
            fault(provider, status=status, early=early, body={"error": {"message": f"no: {KEY}", "type": "refused"}})
            outcome, told, message = quick.send(provider, file_id)
            assert (outcome, told) == ("failed", code), message
            assert f"{provider.kind} answered {status}" in message and file_id in message
            assert exporting.sent(file_id) == []
    assert provider.files == {} and provider.asked("GET") == []


def test_a_base_url_that_leads_elsewhere(exporting, start):
    """That is no file that is missing."""
    provider = start("anthropic")
    file_id = exporting.upload()
    outcome = exporting.tool.run("send", file_id, "--to", "anthropic", "--base-url", f"{provider.url}/v2")
    assert_fails(outcome, 2, "check the base URL")
    assert exporting.sent() == []


def test_a_lifetime_that_is_passed_over(exporting, start):
    provider = start("openai")
    provider.knows_lifetimes = False
    file_id = exporting.upload()
    outcome = exporting.send(provider, file_id, "--expires", "1h")
    assert outcome.code == 0 and b"warning: " in outcome.err and b"does not say when its copy of file" in outcome.err, outcome
    assert "expires_at" not in only(exporting.sent(file_id)) and len(provider.files) == 1
    # The copy that is there has no end either.
    assert b"warning: " in exporting.send(provider, file_id, "--expires", "1h").err and len(provider.files) == 1


@pytest.mark.parametrize("created", ["told", "in milliseconds", "untold"])
@pytest.mark.parametrize("name", ["somebody-elses.txt", "report"])
def test_a_service_that_keeps_the_same_bytes_once(quick, exporting, start, name, created):
    """What it had before is nobody's copy: it stays when our file goes."""
    provider = start("openai")
    provider.keeps_bytes_once = True
    shown = provider.shown
    times = {"told": 1, "in milliseconds": 1000}
    provider.shown = lambda file_id: {**shown(file_id), "created_at": times[created] * shown(file_id)["created_at"] if created in times else None}
    file_id = exporting.upload()
    other_id = provider.add_file(name, created=int(time.time()) - 3600, size=5, sha=hashlib.sha256(b"hello").hexdigest())
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "corrupt") and "answered another file" in message, message
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    assert exporting.tool.run("delete", file_id).code == 0
    assert list(provider.files) == [other_id]


def test_the_copy_of_another_file_is_none(quick, exporting, start):
    """Of the same bytes, at a service that keeps them once."""
    provider = start("openai")
    provider.keeps_bytes_once = True
    first, second = exporting.upload(), exporting.upload()
    assert quick.send(provider, first)[::2] == ["sent", "new"]
    outcome, told, message = quick.send(provider, second)
    assert (outcome, told) == ("failed", "corrupt") and f"the copy that it has of file {first}" in message, message
    assert exporting.tool.run("delete", second).code == 0
    # Not as a cut copy either.
    third = exporting.upload(b"more bytes")
    provider.files[only(exporting.sent(first))["provider_id"]]["sha"] = hashlib.sha256(b"more bytes").hexdigest()
    assert quick.send(provider, third)[:2] == ["failed", "corrupt"]
    assert len(provider.files) == 1 and only(exporting.sent(first))["state"] == "sent"


def test_a_service_that_names_files_in_its_own_way(quick, exporting, start):
    provider = start("openai")
    shown = provider.shown
    provider.shown = lambda file_id: {**shown(file_id), "filename": f"bucket/{file_id}"}
    file_id = exporting.upload()
    assert quick.send(provider, file_id)[::2] == ["sent", "new"]
    assert quick.send(provider, file_id)[::2] == ["sent", "there"]
    assert_succeeds(exporting.tool.run("delete", file_id), b"")
    assert provider.files == {} and exporting.sent() == []


def test_a_large_body_is_refused_before_it_is_sent(quick, exporting, provider):
    file_id = exporting.upload(os.urandom(8 * MIB), "large.bin", "video/mp4")
    fault(provider, status=413, early=True)
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "rejected"), message
    assert exporting.sent() == []


def test_too_many_requests_are_waited_out(quick, exporting, provider):
    file_id = exporting.upload()
    fault(provider, status=429, headers={"Retry-After": "1"}, times=2)
    assert quick.send(provider, file_id)[::2] == ["sent", "new"]
    assert len(provider.asked("POST", UPLOAD[provider.kind])) >= 3
    # Refused requests have done nothing: nobody asks for them.
    assert provider.asked("GET") == []


def test_a_pause_that_takes_too_long_is_not_begun(quick, exporting, provider):
    file_id = exporting.upload()
    fault(provider, status=429, headers={"Retry-After": "60"})
    outcome, told, message = quick.send(provider, file_id, "seconds=50")
    assert (outcome, told) == ("failed", "rate_limited"), message
    assert len(provider.asked()) == 1 and exporting.sent() == []


def test_attempts_come_to_an_end(quick, exporting, provider):
    file_id = exporting.upload()
    fault(provider, status=429, times=100)
    outcome, told, message = quick.send(provider, file_id, "attempts=3")
    assert (outcome, told) == ("failed", "rate_limited"), message
    assert len(provider.asked("POST")) == 3 and exporting.sent() == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_a_failing_provider_is_asked_again(quick, exporting, provider, status):
    file_id = exporting.upload()
    fault(provider, status=status)
    assert quick.send(provider, file_id)[0] == "sent"
    assert only(exporting.sent(file_id))["provider_id"] == only(provider.files)


def test_a_body_that_is_broken_off_is_sent_again(quick, exporting, provider):
    content = os.urandom(6 * MIB)
    file_id = exporting.upload(content, "large.bin", "video/mp4")
    spoilt = UPLOAD[provider.kind]
    provider.faults += [Fault("POST", spoilt, cut=2 * MIB), Fault("POST", spoilt, cut=5 * MIB)]
    if provider.kind == "gemini":
        # The session's begin is not what is cut.
        provider.faults = []
        provider.session_cuts = [2 * MIB, 3 * MIB]
    assert quick.send(provider, file_id)[0] == "sent"
    assert only(provider.files.values())["size"] == len(content)
    assert only(exporting.sent(file_id))["state"] == "sent"
    if provider.kind == "gemini":
        offsets = [request.header("x-goog-upload-offset") for request in provider.requests]
        assert [offset for offset in offsets if offset] == ["0", str(2 * MIB), str(5 * MIB)]


@pytest.mark.parametrize("content", [b"hello", b""], ids=["file", "empty file"])
@pytest.mark.parametrize("how", ["lost", 500, 503])
def test_a_lost_answer_is_not_sent_twice(quick, exporting, provider, how, content):
    for number in range(5):
        provider.add_file(f"another {number}")
    provider.page_size = 2
    file_id = exporting.upload(content)
    spoilt = {"lost": True} if how == "lost" else {"done": True, "status": how}
    if provider.kind == "gemini":
        provider.session_faults = [spoilt]
    else:
        fault(provider, **spoilt)
    outcome, provider_id, was = quick.send(provider, file_id)
    assert (outcome, was) == ("sent", "new")
    assert sum(file_id in name for name in provider.names()) == 1
    assert provider_id in provider.files
    assert only(exporting.sent(file_id))["provider_id"] == provider_id
    # Page by page. A lost request without a body is sent again by curl, to the same session.
    is_settled_by_curl = provider.kind == "gemini" and how == "lost" and content == b""
    assert is_settled_by_curl or len(provider.asked("GET", LIST[provider.kind])) == 3


def test_several_matches_are_unknown(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    held = Fault("POST", "/v1/files", lost=True, held=threading.Event())
    provider.faults.append(held)
    sending = quick.start(provider, file_id)
    assert held.arrived.wait(60)
    provider.add_file(only(provider.names()))
    held.held.set()
    outcome, told, message = sending.communicate()[0].rstrip("\n").split(" ", 2)
    assert (outcome, told) == ("failed", "outcome_unknown"), message
    assert "has 2 files named" in message
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    # Nothing is sent as long as that is so.
    assert quick.send(provider, file_id)[1] == "outcome_unknown"
    assert len(provider.files) == 2 and len(provider.asked("POST")) == 1
    assert_succeeds(exporting.tool.run("unsend", file_id), b"")
    assert provider.files == {} and exporting.sent() == []
    assert quick.send(provider, file_id)[0] == "sent"


def test_another_copy_is_no_match(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    first = quick.send(provider, file_id)[1]
    fault(provider, lost=True)
    outcome, second, _ = quick.send(provider, file_id, "again")
    assert outcome == "sent" and second != first and len(provider.files) == 2


def test_where_the_list_cannot_be_asked_it_is_asked_later(quick, exporting, start):
    provider = start("anthropic")
    file_id = exporting.upload()
    fault(provider, lost=True)
    provider.faults.append(Fault("GET", "/v1/files", status=400, times=1))
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "outcome_unknown"), message
    copy = only(exporting.sent(file_id))
    assert copy["state"] == "unsettled" and copy["reason"]
    assert quick.send(provider, file_id)[::2] == ["sent", "there"]
    assert len(provider.files) == 1 and only(exporting.sent(file_id))["state"] == "sent"


def test_answers_that_are_none(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    fault(provider, status=200, body={"object": "file"})
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "corrupt"), message
    # It may be there: the next call looks.
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    assert quick.send(provider, file_id)[0] == "sent" and len(provider.files) == 1


@pytest.mark.parametrize("spoilt", ["begin", "part", "complete"])
@pytest.mark.parametrize("how", [{"status": 500}, {"lost": True}, {"status": 429}])
def test_faults_of_parts(quick, exporting, start, spoilt, how):
    provider = start("openai")
    content = os.urandom(3 * MIB + 5)
    file_id = exporting.upload(content, "large.bin")
    path = {"begin": "/v1/uploads", "part": "/v1/uploads/[^/]+/parts", "complete": "/v1/uploads/[^/]+/complete"}[spoilt]
    provider.faults.append(Fault("POST", path, **how))
    assert quick.send(provider, file_id, "parts-above=1", f"part-size={MIB}")[0] == "sent"
    assert only(provider.files.values())["size"] == len(content)
    assert only(exporting.sent(file_id))["provider_id"] == only(provider.files)


def test_an_upload_in_parts_that_fails_is_cancelled(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload(os.urandom(2 * MIB), "large.bin")
    provider.faults.append(Fault("POST", "/v1/uploads/[^/]+/parts", status=400))
    outcome, told, message = quick.send(provider, file_id, "parts-above=1", f"part-size={MIB}")
    assert (outcome, told) == ("failed", "invalid_argument"), message
    assert only(provider.uploads.values())["status"] == "cancelled" and exporting.sent() == []


def test_a_file_that_is_deleted_while_it_is_sent(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    held = Fault("POST", "/v1/files", held=threading.Event())
    provider.faults.append(held)
    answers = []
    sending = threading.Thread(target=lambda: answers.append(quick.send(provider, file_id)))
    sending.start()
    assert held.arrived.wait(60)
    assert only(exporting.sent(file_id))["state"] == "sending"
    # Meanwhile nobody else sends it.
    assert quick.send(provider, file_id)[1] == "conflict"
    assert_succeeds(exporting.tool.run("delete", file_id), b"")
    held.held.set()
    sending.join()
    assert answers[0][:2] == ["failed", "not_found"] and "its copy was removed" in answers[0][2]
    assert provider.files == {} and exporting.sent() == []


def test_a_file_whose_bytes_go_while_it_is_sent(quick, exporting, start):
    """Between two parts."""
    provider = start("openai")
    file_id = exporting.upload(os.urandom(2 * MIB), "large.bin")
    held = Fault("POST", "/v1/uploads/[^/]+/parts", held=threading.Event())
    provider.faults.append(held)
    answers = []
    sending = threading.Thread(target=lambda: answers.append(quick.send(provider, file_id, "parts-above=1", f"part-size={MIB}")))
    sending.start()
    assert held.arrived.wait(60)
    assert exporting.tool.run("delete", file_id).code == 0
    held.held.set()
    sending.join()
    assert answers[0][:2] == ["failed", "not_found"], answers
    assert provider.files == {} and exporting.sent() == []


def test_a_deadline_ends_it_and_leaves_a_note(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    held = Fault("POST", "/v1/files", held=threading.Event())
    provider.faults.append(held)
    assert quick.send(provider, file_id, "seconds=1")[1] == "timeout"
    held.held.set()
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    assert quick.send(provider, file_id)[::2] == ["sent", "there"]
    assert len(provider.files) == 1


def test_no_provider_at_all(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    provider.close()
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "unavailable"), message
    assert exporting.sent() == []


@pytest.mark.parametrize("status", [500, 403])
def test_a_removal_that_fails_is_tried_again(exporting, start, status):
    provider = start("anthropic")
    file_id = exporting.upload()
    assert_succeeds(exporting.send(provider, file_id))
    provider.faults.append(Fault("DELETE", "/v1/files/.*", status=status, times=1 if status == 403 else 5))
    outcome = exporting.tool.run("unsend", file_id, "--timeout", "60")
    assert outcome.code != 0 and b"still has a copy of file" in outcome.err
    assert only(exporting.sent(file_id))["state"] == "removing"
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert provider.files == {} and exporting.sent() == []


def test_a_list_that_lags_behind_makes_two_that_go_together(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    fault(provider, lost=True)
    provider.stale_lists = 1
    assert quick.send(provider, file_id)[::2] == ["sent", "new"]
    assert len(provider.files) == 2
    outcome = exporting.tool.run("delete", file_id)
    assert outcome.code == 0 and b"may have a copy of file" in outcome.err and provider.files == {}
    assert only(exporting.sent())["state"] == "removing"
    assert quick.settle(provider, file_id, "later=930")[0]["waiting"] == 0 and exporting.sent() == []


def test_once_an_answer_is_lost_a_refusal_proves_nothing(quick, exporting, start):
    provider = start("openai")
    file_id = exporting.upload()
    provider.faults += [Fault("POST", "/v1/files", lost=True), Fault("POST", "/v1/files", status=400)]
    provider.stale_lists = 2
    outcome, told, message = quick.send(provider, file_id)
    assert (outcome, told) == ("failed", "invalid_argument"), message
    assert only(exporting.sent(file_id))["state"] == "unsettled"
    assert quick.send(provider, file_id) == ["sent", only(provider.files), "there"]


def test_an_interrupted_upload_in_parts_is_taken_back(exporting, start):
    provider = start("openai")
    file_id = exporting.upload(os.urandom(2 * MIB), "large.bin")
    held = Fault("POST", "/v1/uploads/[^/]+/parts", held=threading.Event())
    provider.faults += [held, Fault("POST", "/v1/uploads/[^/]+/cancel", status=500)]
    process = exporting.tool.start("send", file_id, "--to", "openai", "--base-url", provider.url, "--parts-above", "1")
    assert held.arrived.wait(60)
    process.send_signal(signal.SIGINT)
    process.communicate()
    held.held.set()
    assert process.returncode == 130
    assert only(provider.uploads.values())["status"] == "cancelled" and exporting.sent() == []


def test_a_session_that_gets_nowhere_ends(quick, exporting, start):
    provider = start("gemini")
    file_id = exporting.upload(os.urandom(100_000), "large.bin", "video/mp4")
    received = []

    def act(recorded, session):
        if recorded.header("x-goog-upload-command") != "query":
            return 500, {}, {}
        received.append(0 if len(received) % 2 else 5)
        return 200, {"X-Goog-Upload-Status": "active", "X-Goog-Upload-Size-Received": str(received[-1])}, {}

    provider.act_on_session = act
    outcome, told, message = quick.send(provider, file_id, "attempts=3", "seconds=60")
    assert (outcome, told) == ("failed", "unavailable"), message
    assert len(received) < 10


@pytest.mark.parametrize("how", ["whole", "parts", "cut"])
def test_a_damaged_file_is_not_sent(exporting, start, how):
    provider = start("gemini" if how == "cut" else "openai")
    file_id = exporting.upload(bytes(70 * MIB), "large.bin", "video/mp4")
    with open(exporting.tool.directory / "storage" / file_id, "r+b") as stored:
        stored.seek(100)
        stored.write(b"y")
    provider.session_cuts = [5 * MIB]
    parts = ["--parts-above", "1"] if how == "parts" else []
    assert_fails(exporting.send(provider, file_id, *parts, "--option", "verify_downloads=checksum"), 7, file_id)
    # Of a form that ends in its midst some servers make a file.
    left = ["unsettled"] if how == "whole" else []
    assert provider.files == {} and [copy["state"] for copy in exporting.sent()] == left


def test_a_failure_names_its_file_once(exporting, start):
    provider = start("openai")
    outcome = exporting.send(provider, "0b8f6c1e-5d2a-4f3b-9c7d-8e1f2a3b4c5d")
    assert outcome.err.count(b"file 0b8f6c1e-5d2a-4f3b-9c7d-8e1f2a3b4c5d") == 1, outcome
    file_id = exporting.upload(bytes(2 * MIB), "large.bin")
    with open(exporting.tool.directory / "storage" / file_id, "r+b") as stored:
        stored.write(b"y")
    damaged = exporting.send(provider, file_id, "--option", "verify_downloads=checksum")
    assert damaged.code == 7 and damaged.err.count(b"file " + file_id.encode()) == 1, damaged
