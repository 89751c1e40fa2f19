"""Resumable uploads by the tus protocol on S3, where every instance of the service can go on with them."""

import hashlib
import random
import threading

import pytest
from service import Service
from tus_calls import PIECE, append, b64, begin_piece, content, create, expired, file_of, offset_of, tus
from waiting import wait_until

MIB = 1 << 20
BODY = random.Random(3).randbytes(23 * MIB + 17)


@pytest.fixture
def service(tool, gateway):
    yield Service.of_tool(tool, gateway, "--option", "part_size=5242880")


@pytest.fixture
def second(tool, gateway):
    yield Service.of_tool(tool, gateway, "--option", "part_size=5242880")


def assert_nothing_left(gateway):
    """Neither parts nor records: only files."""
    assert gateway.uploads() == []
    assert [key for key in gateway.stored() if "/" in key] == []
    gateway.catalogue.assert_nothing_open()


def pieces(*cuts):
    return [(begin, BODY[begin:end]) for begin, end in zip((0, *cuts), (*cuts, len(BODY)))]


@pytest.mark.parametrize(
    "cuts",
    [
        (),
        (1,),
        (5 * MIB,),
        (5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB + 1),
        (MIB, 2 * MIB, 3 * MIB, 4 * MIB, 5 * MIB + 3, 6 * MIB, 20 * MIB, 23 * MIB),
        (12 * MIB, 13 * MIB, 22 * MIB),
    ],
)
@pytest.mark.parametrize("with_length", [True, False])
def test_a_file_comes_in_pieces_to_either_instance(service, second, gateway, cuts, with_length):
    place = create(service, len(BODY) if with_length else None, Upload_Defer_Length=None if with_length else 1)
    for number, (offset, piece) in enumerate(pieces(*cuts)):
        at = (service, second)[number % 2]
        assert offset_of(at, place) == offset
        is_last = offset + len(piece) == len(BODY)
        answer = append(at, place, offset, piece, Upload_Length=len(BODY) if is_last and not with_length else None)
        assert (answer.status, answer.header("Upload-Offset")) == (204, str(offset + len(piece))), answer
    assert answer.header("Filestore-File-Id") == file_of(place)
    assert content(second, place) == BODY
    assert [event[0] for event in gateway.catalogue.events()] == [file_of(place)]
    assert_nothing_left(gateway)
    # Its answer is the same once it is a file.
    assert offset_of(second, place) == len(BODY)


def test_small_files_need_no_parts(service, gateway):
    named = f"filename {b64('ä.txt')},filetype {b64('text/plain')},owner {b64('me')}"
    place = create(service, 6, Upload_Metadata=named)
    append(service, place, 0, b"abc")
    assert gateway.uploads() == []
    append(service, place, 3, b"def")
    assert content(service, place) == b"abcdef"
    known = service.call("GET", f"/files/{file_of(place)}").json()
    assert (known["original_path"], known["content_type"], known["metadata"]["owner"]) == ("ä.txt", "text/plain", "me")
    assert content(service, create(service, 0)) == b""
    assert_nothing_left(gateway)


def test_names_and_types_of_files_of_parts(service):
    named = f"filename {b64('ä.txt')},filetype {b64('text/plain')},owner {b64('me')}"
    place = create(service, len(BODY), Upload_Metadata=named)
    append(service, place, 0, BODY)
    known = service.call("GET", f"/files/{file_of(place)}").json()
    assert (known["original_path"], known["content_type"], known["metadata"]["owner"]) == ("ä.txt", "text/plain", "me")
    assert known["size"] == len(BODY)


def test_unfinished_uploads_are_no_files(service, gateway):
    place = create(service, len(BODY))
    append(service, place, 0, BODY[: 11 * MIB])
    assert service.call("GET", "/files").json() == {"files": [], "next": None}
    assert content(service, place) == 404


def test_an_upload_is_given_up(service, second, gateway):
    place = create(service, len(BODY))
    append(service, place, 0, BODY[: 11 * MIB])
    assert gateway.uploads() != []
    assert tus(second, "DELETE", place).status == 204
    assert tus(service, "HEAD", place).status == 404
    assert append(service, place, 11 * MIB, b"x").status == 404
    assert_nothing_left(gateway)


@pytest.mark.parametrize("cut", [3 * MIB, 12 * MIB + 5])
def test_what_came_before_a_cut_stays(service, second, gateway, cut):
    place = create(service, len(BODY))
    begin_piece(service, place, 0, BODY[:cut], len(BODY)).close()
    wait_until(lambda: offset_of(second, place) == cut, service.process)
    assert append(second, place, cut, BODY[cut:]).status == 204
    assert content(service, place) == BODY


def test_what_was_told_outlives_a_kill(service, second, gateway):
    place = create(service, len(BODY))
    assert append(service, place, 0, BODY[: 7 * MIB]).status == 204
    with begin_piece(service, place, 7 * MIB, BODY[7 * MIB : 18 * MIB], len(BODY)):
        # Parts count one by one.
        wait_until(lambda: offset_of(second, place) > 7 * MIB, service.process)
        service.process.kill()
        service.process.wait()
    offset = offset_of(second, place)
    assert 7 * MIB < offset <= 18 * MIB
    assert append(second, place, offset, BODY[offset:]).status == 204
    assert content(second, place) == BODY
    assert_nothing_left(gateway)


@pytest.mark.parametrize("length", [3 * MIB, 12 * MIB])
def test_of_two_pieces_at_once_one_counts(service, second, gateway, length):
    """However they meet: what counts are the bytes of one that was told to be right."""
    place = create(service, len(BODY))
    assert append(service, place, 0, BODY[: 4 * MIB]).status == 204
    other = bytes(length)
    answers = {}
    sent = {service: BODY[4 * MIB : 4 * MIB + length], second: other}

    def send(to):
        try:
            answers[to] = append(to, place, 4 * MIB, sent[to]).status
        except OSError:
            # It was refused before all of it was sent.
            answers[to] = 423

    threads = [threading.Thread(target=send, args=(to,)) for to in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) in ([204, 409], [204, 423]), answers
    winner = next(to for to, status in answers.items() if status == 204)
    begin = 4 * MIB + length
    assert offset_of(second, place) == begin
    assert append(second, place, begin, BODY[begin:]).status == 204
    assert content(second, place) == BODY[: 4 * MIB] + sent[winner] + BODY[begin:]
    assert_nothing_left(gateway)


def test_bytes_of_another_checksum_are_thrown_away(service, second, gateway):
    place = create(service, len(BODY))
    first, rest = BODY[: 4 * MIB], BODY[4 * MIB :]
    assert append(service, place, 0, first, Upload_Checksum=f"sha1 {b64(hashlib.sha1(first).digest())}").status == 204
    assert append(service, place, 4 * MIB, rest, Upload_Checksum=f"sha1 {b64(hashlib.sha1(first).digest())}").status == 460
    assert offset_of(second, place) == 4 * MIB
    assert append(second, place, 4 * MIB, rest, Upload_Checksum=f"sha1 {b64(hashlib.sha1(rest).digest())}").status == 204
    assert content(service, place) == BODY
    assert_nothing_left(gateway)


def test_no_more_bytes_than_were_declared(service):
    place = create(service, 6 * MIB)
    begin = 6 * MIB - 1000
    assert append(service, place, 0, BODY[:begin]).status == 204
    assert append(service, place, begin, BODY[begin : 6 * MIB + 1]).status == 413
    assert append(service, place, begin - 1, BODY[begin : 6 * MIB]).status == 409
    assert append(service, place, begin, BODY[begin : 6 * MIB]).status == 204
    assert content(service, place) == BODY[: 6 * MIB]


def test_an_upload_expires(tool, gateway):
    service = Service.of_tool(tool, gateway, "--option", "upload_lifetime=1s")
    kept = create(Service.of_tool(tool, gateway), len(BODY))
    place = expired(service, len(BODY), BODY[: 9 * MIB])
    assert append(service, place, 9 * MIB, b"x").status in (404, 410)
    # The next one sweeps when it begins.
    again = Service.of_tool(tool, gateway)
    wait_until(lambda: tus(again, "HEAD", place).status == 404, again.process)
    wait_until(lambda: gateway.uploads() == [], again.process)
    assert offset_of(again, kept) == 0


def test_rules_are_kept(tool, gateway):
    service = Service.of_tool(tool, gateway, "--option", "type_policy=strict", "--option", "allowed_types=text/plain")
    named = f"filename {b64('a.txt')},filetype {b64('text/plain')}"
    text = b"This is a text. " * 700_000
    place = create(service, len(text), Upload_Metadata=named)
    assert append(service, place, 0, text[: 6 * MIB]).status == 204
    assert append(service, place, 6 * MIB, text[6 * MIB :]).status == 204
    assert content(service, place) == text
    wrong = create(service, len(BODY), Upload_Metadata=named)
    assert append(service, wrong, 0, b"<html><script>1</script>" + BODY[:60_000]).status == 415
    assert tus(service, "HEAD", wrong).status == 404
    slowly = create(service, 64, Upload_Metadata=named)
    assert append(service, slowly, 0, b"<html><script>1</script>").status == 204
    assert append(service, slowly, 24, b" " * 40).status == 415
    assert_nothing_left(gateway)


def test_a_scanner_must_see_what_it_cannot(tool, gateway):
    service = Service.of_tool(tool, gateway, "--option", "scanner=tcp:127.0.0.1:9")
    assert tus(service, "POST", "/uploads", Upload_Length=1).status == 501
    assert_nothing_left(gateway)
