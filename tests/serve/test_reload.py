"""SIGHUP: the configuration is read again while the service runs."""

import http.client
import signal
import ssl
import threading
import time

import pytest
from access import bearer, configure, new_key, start
from service import Service
from stores import set_age
from test_access import certificate, certificates  # noqa: F401
from test_stop import begin_upload
from waiting import wait_until



def next_word(service):
    """What it says on standard error, but for warnings of files."""
    while True:
        line = service.process.stderr.readline().decode()
        assert line, service.process.poll()
        if not line.startswith("filestore: warning: "):
            return line.removeprefix("filestore: ").rstrip("\n")


def reload(service):
    service.process.send_signal(signal.SIGHUP)
    assert next_word(service) == "the configuration was read again"


def refused(service):
    service.process.send_signal(signal.SIGHUP)
    word = next_word(service)
    assert word.startswith("the configuration stays as it was: "), word
    return word


def status(service, key, method="GET", path="/files", body=None):
    return service.call(method, path, body, bearer(key)).status


def test_keys(tool, local):
    (old, old_entry), (new, new_entry) = new_key(tool, "old"), new_key(tool, "new")
    service = start(tool, local, keys=[old_entry])
    kept = http.client.HTTPConnection(service.host, service.port, timeout=60)
    kept.request("GET", "/files", headers=bearer(old))
    assert kept.getresponse().read() and kept.sock
    socket = kept.sock
    configure(tool, local, keys=[new_entry])
    assert (status(service, old), status(service, new)) == (200, 401)
    reload(service)
    assert (status(service, old), status(service, new)) == (401, 200)
    # A connection that was there knows of it, too.
    for key, expected in ((old, 401), (new, 200)):
        kept.request("GET", "/files", headers=bearer(key))
        answer = kept.getresponse()
        assert answer.status == expected and answer.read()
    assert kept.sock is socket
    service.stop()


def test_what_is_under_way_ends_as_it_began(tool, local):
    """An upload and a download, and limits that neither keeps."""
    service = start(tool, local, sections={"validation": {"max_size": 50_000_000}})
    large = bytes(range(256)) * 100_000
    file_id = service.call("PUT", "/files", large).json()["file_id"]
    download = service.connect()
    download.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\nConnection: close\r\n\r\n".encode())
    reader = download.makefile("rb")
    assert reader.read(12) == b"HTTP/1.1 200"
    upload, rest = begin_upload(service, local, "/files")
    for limit in (10, 20):
        configure(tool, local, sections={"validation": {"max_size": limit}})
        reload(service)
    assert service.call("PUT", "/files", b"x" * 15).status == 201
    assert service.call("PUT", "/files", b"x" * 21).status == 413
    upload.sendall(rest)
    assert upload.recv(12) == b"HTTP/1.1 201"
    upload.close()
    assert reader.read().split(b"\r\n\r\n", 1)[1] == large
    assert len(local.stored()) == 3
    local.catalogue.assert_nothing_open()
    service.stop()


def test_pages_of_other_origins_and_the_rate(tool, local):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry], origins=["https://old.example"])
    configure(tool, local, keys=[entry], origins=["https://new.example"], rate=3)
    reload(service)

    def allowed(origin):
        return service.call("GET", "/healthz", headers={"Origin": origin}).header("access-control-allow-origin")

    assert (allowed("https://old.example"), allowed("https://new.example")) == (None, "https://new.example")
    assert 429 in [status(service, key) for _ in range(20)]


def test_what_callers_have_used_up_is_remembered(tool, local):
    """However long it takes: no more than the rate allows in that time."""
    rate = 50
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry], rate=rate)
    began = time.monotonic()
    allowed = 0
    for _ in range(4):
        allowed += [status(service, key) for _ in range(rate + 10)].count(200)
        reload(service)
    assert allowed <= rate * (1 + time.monotonic() - began)
    service.stop()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"keys": "none"}, ["storage.yaml", "a list of keys"]),
        ({"kyes": []}, ["storage.yaml", "unknown key 'kyes'", "'keys'"]),
        ({"store": {"base_path": "elsewhere"}}, ["storage.local.base_path cannot be changed", "start it again"]),
        ({"sections": {"backend": "s3"}}, ["storage.backend cannot be changed"]),
        ({"sections": {"validation": {"type_policy": "sometimes"}}}, ["storage.yaml", "type_policy"]),
        ({"sections": {"cleanup": {"enabled": True, "schedule": "never"}}}, ["never"]),
        ({"tls": {"certificate": "/none.pem", "key": "/none.key"}}, ["storage.serve.tls.certificate '/none.pem'"]),
        ({"keys": []}, ["without keys only an address of this machine's own"]),
    ],
)
def test_what_cannot_be_is_refused_whole(tool, local, change, words):
    key, entry = new_key(tool)
    service = start(tool, local, listen="0.0.0.0:0", keys=[entry])
    service.address = f"127.0.0.1:{service.port}"
    configure(tool, local, **{"rate": 1, "keys": [entry], **change})
    word = refused(service)
    assert all(text in word for text in words), word
    assert [status(service, key) for _ in range(10)] == [200] * 10
    assert service.call("PUT", "/files", b"x", bearer(key)).status == 201 and len(local.stored()) == 1
    told = service.call("GET", "/metrics", headers=bearer(key)).body
    assert b'filestore_reloads_total{outcome="failed"} 1\n' in told and b'filestore_reloads_total{outcome="ok"} 0\n' in told
    configure(tool, local, keys=[entry])
    reload(service)
    service.stop()


def test_a_file_that_is_gone(tool, local):
    service = start(tool, local)
    (tool.directory / "storage.yaml").unlink()
    assert "cannot read configuration file" in refused(service)
    assert service.call("GET", "/files").status == 200
    service.stop()


def test_another_address(tool, local):
    config = configure(tool, local, listen="127.0.0.1:0")
    service = Service(tool.start("serve", "--config", config), local.base)
    configure(tool, local, listen="127.0.0.1:1")
    assert "storage.serve.listen cannot be changed" in refused(service)
    service.stop()


def test_a_new_certificate(tool, local, certificate, tmp_path):  # noqa: F811
    key, entry = new_key(tool)
    tls = {"certificate": str(certificate / "public.crt"), "key": str(certificate / "private.key")}
    service = start(tool, local, keys=[entry], tls=tls)
    service.trusted = tmp_path / "ca.pem"

    def shown():
        return ssl.get_server_certificate((service.host, service.port))

    before = shown()
    kept = http.client.HTTPSConnection(service.host, service.port, timeout=60, context=ssl.create_default_context(cafile=service.trusted))
    kept.request("GET", "/healthz")
    assert kept.getresponse().read()
    second = tmp_path / "second"
    certificates.make(tmp_path / "ca2.pem", second, [])
    (certificate / "public.crt").write_bytes((second / "public.crt").read_bytes())
    # Half of a pair fits nothing.
    assert "certificate" in refused(service)
    assert shown() == before
    (certificate / "private.key").write_bytes((second / "private.key").read_bytes())
    reload(service)
    wait_until(lambda: shown() != before, service.process)
    kept.request("GET", "/healthz")
    answer = kept.getresponse()
    assert answer.status == 200 and answer.read()
    service.trusted = tmp_path / "ca2.pem"
    assert status(service, key) == 200
    service.stop()


def test_many_times_under_load(tool, local):
    """Nothing is dropped, and what is old goes: threads and descriptors."""
    service = start(tool, local)
    reload(service)
    failures, done, stored = [], threading.Event(), []

    def client():
        while not done.is_set():
            try:
                stored.append(service.call("PUT", "/files", b"x" * 50_000).json()["file_id"])
            except Exception as failure:
                failures.append(failure)
                return

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        reload(service)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == [] and set(local.stored()) == set(stored)

    wait_until(lambda: service.descriptors() < 40, service.process)
    service.stop()


def test_the_schedule(tool, local):
    """A minute is the shortest that there is."""
    service = start(tool, local)
    file_id = service.upload(b"old")
    configure(tool, local, sections={"cleanup": {"enabled": True, "schedule": "* * * * *", "jitter": 0, "retention_days": 1}})
    reload(service)
    set_age(local, file_id, 3)
    wait_until(lambda: b"filestore_last_cleanup_removed_files 1\n" in service.call("GET", "/metrics").body, service.process)
    assert local.stored() == {}
    service.stop()
