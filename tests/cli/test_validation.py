"""Rules for what is stored: a file that is refused leaves nothing behind. The scanner is a real clamd, with a signature of our own."""

import contextlib
import shutil
import signal
import socket
import subprocess

import pytest
from command import assert_fails, assert_succeeds, uploaded
from skipping import skip_unless_ci
from waiting import wait_until

PAGE = b"<html><script>alert(1)</script></html>"
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\6\0\0\0" + bytes(100)
VIRUS = b"FILESTORE-TEST-VIRUS-" + b"0123456789"
REFUSED = 4


@pytest.fixture
def upload(tool, store):
    def with_rules(content, *arguments, name="a.bin", **options):
        rules = [word for rule, value in options.items() for word in ("--option", f"{rule}={value}")]
        return tool.run("upload", "-", "--name", name, *arguments, *rules, *store.options, environment=store.environment, stdin=content)

    return with_rules


@pytest.mark.parametrize(
    "content, arguments, words",
    [
        (PAGE, {"name": "cat.png", "type_policy": "strict"}, ["cat.png", "'png'", "text/html"]),
        (b" " + PDF, {"name": "notes.txt", "type_policy": "strict"}, ["application/pdf"]),
        (PAGE, {"allowed_types": "image/*"}, ["text/html", "allowed"]),
        (PNG, {"denied_types": "image/*"}, ["image/png", "denied"]),
        (PNG, {"name": "a.png.exe", "denied_extensions": "exe,dll"}, ["'exe'", "denied"]),
        (bytes(1001), {"max_size": "1000"}, ["1000 bytes"]),
        (bytes(20_000_000), {"max_size": "19999999"}, ["19999999 bytes"]),
    ],
)
def test_what_breaks_a_rule_leaves_nothing(upload, store, content, arguments, words):
    assert_fails(upload(content, **arguments), REFUSED, "refused", *words)
    store.assert_empty()
    assert store.catalogue.events() == []


def test_a_declared_type_is_not_believed(upload, store):
    assert_fails(upload(PAGE, "--content-type", "image/png", type_policy="strict"), REFUSED, "image/png", "text/html")
    store.assert_empty()


def test_what_keeps_the_rules_is_stored(upload, store):
    rules = {"type_policy": "strict", "allowed_types": "image/*,application/pdf", "allowed_extensions": "png,pdf", "max_size": "200"}
    for name, content in {"a.png": PNG, "a.PDF": PDF}.items():
        file_id = uploaded(upload(content, name=name, **rules))
        assert store.stored()[file_id] == content


def test_a_file_of_no_type_gets_the_one_that_it_has(tool, upload, store):
    file_id = uploaded(upload(PDF, store_found_type="true"))
    shown = tool.run("metadata", file_id, "--json", *store.options, environment=store.environment)
    assert b'"content_type":"application/pdf"' in shown.out.replace(b": ", b":"), shown


def test_what_does_not_agree_is_warned_of_and_stored(upload, store):
    assert_succeeds(upload(PAGE, name="cat.png"))
    outcome = upload(PAGE, name="cat.png", type_policy="warn")
    assert outcome.code == 0
    assert outcome.err == b"filestore: warning: 'cat.png' is stored, but its name ends with 'png', and its content is text/html\n"
    assert store.stored()[outcome.lines[0]] == PAGE
    assert_succeeds(upload(PAGE, name="cat.png", type_policy="off"))


def test_rules_of_a_configuration(tool, tmp_path):
    config = tmp_path / "storage.yaml"
    base = tmp_path / "store"
    config.write_text(
        f"storage:\n  local:\n    base_path: {base}\n  validation:\n    type_policy: strict\n    allowed_types: [image/*, application/pdf]\n    max_size: 1000\n"
    )
    assert_fails(tool.run("upload", "-", "--config", config, stdin=PAGE), REFUSED, "text/html")
    assert_succeeds(tool.run("upload", "-", "--config", config, stdin=PNG))
    config.write_text("storage:\n  validation:\n    allowed_types: [png]\n")
    assert_fails(tool.run("upload", "-", "--config", config, stdin=PNG), 2, f"{config}:3:20", "allowed_types", "media type")
    config.write_text("storage:\n  validation:\n    allowed_types: {a: b}\n")
    assert_fails(tool.run("upload", "-", "--config", config, stdin=PNG), 2, "must be a list")


@contextlib.contextmanager
def running_clamd(directory):
    clamd = shutil.which("clamd", path="/usr/sbin:/usr/bin")
    if clamd is None:
        skip_unless_ci("clamd is not installed")
    database = directory / "signatures"
    database.mkdir()
    # Name, any kind of file, any place, bytes: no signatures of others are needed.
    (database / "test.ndb").write_text(f"Test-Virus:0:*:{VIRUS.hex()}\n")
    address = directory / "clamd.ctl"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = directory / "clamd.conf"
    config.write_text(
        f"DatabaseDirectory {database}\nLocalSocket {address}\nTCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\nStreamMaxLength 8M\nMaxScanSize 16M\nMaxFileSize 16M\n"
    )
    log = directory / "clamd.log"
    with open(log, "wb") as output:
        process = subprocess.Popen([clamd, "--config-file", config], stdout=output, stderr=output)
    try:
        wait_until(address.exists, process)
        yield address, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@pytest.fixture(scope="module")
def clamd(tmp_path_factory):
    with running_clamd(tmp_path_factory.mktemp("clamd")) as addresses:
        yield addresses


@pytest.fixture(params=["unix", "tcp"])
def scanner(request, clamd):
    address, port = clamd
    return f"unix:{address}" if request.param == "unix" else f"tcp:localhost:{port}"


@pytest.mark.parametrize("before", [0, 70_000, 4_000_000])
def test_a_virus_is_not_stored(upload, store, scanner, before):
    outcome = upload(bytes(before) + VIRUS + b" and more", scanner=scanner)
    assert_fails(outcome, REFUSED, "the scanner found 'Test-Virus.UNOFFICIAL' in it")
    store.assert_empty()
    assert store.catalogue.events() == []


@pytest.mark.parametrize("size", [0, 1, 70_000, 4_000_000])
def test_what_is_clean_is_stored(upload, store, scanner, size):
    content = b"0123456789" * (size // 10) + b"x" * (size % 10)
    file_id = uploaded(upload(content, scanner=scanner))
    assert store.stored()[file_id] == content


def test_what_the_scanner_cannot_look_at_is_not_stored(upload, store, scanner):
    assert_fails(upload(bytes(20_000_000), scanner=scanner), 6, "size limit exceeded", "not stored")
    store.assert_empty()


def test_a_scanner_that_is_not_there(upload, store, tmp_path):
    assert_fails(upload(b"x", scanner=f"unix:{tmp_path}/none"), 6, f"{tmp_path}/none", "not stored")
    assert_fails(upload(b"x", scanner="tcp:no-such-host.invalid:3310"), 6, "no-such-host.invalid")
    store.assert_empty()
