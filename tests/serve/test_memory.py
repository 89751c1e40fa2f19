"""Files go through the service in little memory, whatever their size and number."""

import itertools
import json
import os
import re
import subprocess
import threading
import time

import pytest
from command import LONG
from service import BOUNDARY, Service, file_part, form_body
from test_openai_uploads import begun, complete, sent
from waiting import wait_until

MIB = 1 << 20
SIZE = (1024 if LONG else 256) * MIB
OPENAI_SIZE = (2048 if LONG else 256) * MIB
ALLOWED = 48 * MIB
CONCURRENT = 200
CONCURRENT_SIZE = (100 if LONG else 4) * MIB
ALLOWED_CONCURRENT = 64 * MIB
# Of each download from S3: libcurl's buffer of its connection (64 KiB), another one that keeps as much until it is taken (it doubles as it grows: 128 KiB), its handle and its connection (32 KiB), and what the allocator keeps between them (64 KiB).
ALLOWED_OF_CONNECTION = 288 * 1024


def peak(service):
    with open(f"/proc/{service.process.pid}/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) * 1024


@pytest.fixture
def tell(capsys):
    """Prints into the log of the run, also where all is well."""

    def say(text):
        with capsys.disabled():
            print(f"\n{text}")

    return say


def curl(*arguments):
    ended = subprocess.run(["curl", "--silent", "--show-error", "--fail", *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    return ended.stdout


def form_head():
    """What stands before the bytes of a file in a form, and what behind."""
    head, tail = form_body(file_part(b"CONTENT")).split(b"CONTENT")
    return head, tail


@pytest.mark.parametrize("way", ["form", "body", "body of unknown length"])
def test_a_large_file_goes_in_and_out(service, tmp_path, tell, way):
    large = tmp_path / "large"
    with open(large, "wb") as file:
        file.truncate(SIZE)
        for offset in (0, SIZE // 2 + 7, SIZE - MIB):
            file.seek(offset)
            file.write(os.urandom(MIB))
    url = f"http://{service.address}"
    if way == "form":
        told = curl("--form", f"file=@{large}", f"{url}/upload")
    elif way == "body":
        told = curl("--upload-file", large, f"{url}/files")
    else:
        told = curl("--upload-file", large, "--header", "Transfer-Encoding: chunked", f"{url}/files")
    file_id = re.search(rb'"file_id":"([^"]+)"', told)[1].decode()
    uploaded = peak(service)
    copy = tmp_path / "copy"
    curl("--output", copy, f"{url}/download/{file_id}")
    tell(f"{SIZE // MIB} MiB by {way}: at most {uploaded / MIB:.1f} MiB up, {peak(service) / MIB:.1f} MiB up and down")
    subprocess.run(["cmp", large, copy], check=True)
    assert peak(service) <= ALLOWED
    for path in (large, copy):
        path.unlink()


@pytest.mark.parametrize("order", ["purpose first", "file first"])
def test_a_large_file_by_the_api_of_openai(service, tmp_path, tell, order):
    large = tmp_path / "large"
    with open(large, "wb") as file:
        file.truncate(OPENAI_SIZE)
        file.seek(OPENAI_SIZE // 2 + 7)
        file.write(os.urandom(MIB))
    fields = [("--form", "purpose=user_data"), ("--form", f"file=@{large}")]
    told = curl(*itertools.chain(*(fields if order == "purpose first" else fields[::-1])), f"http://{service.address}/v1/files")
    tell(f"{OPENAI_SIZE // MIB} MiB to /v1/files, {order}: at most {peak(service) / MIB:.1f} MiB")
    assert peak(service) <= ALLOWED
    stored = service.base / json.loads(told)["id"].removeprefix("file-")
    subprocess.run(["cmp", large, stored], check=True)
    for path in (large, stored):
        path.unlink()


def test_an_upload_of_openai_by_parts(service, tell):
    piece = os.urandom(MIB) * 64
    count = OPENAI_SIZE // len(piece)
    upload = begun(service, OPENAI_SIZE)
    parts = [sent(service, upload, piece) for _ in range(count)]
    answer = complete(service, upload, parts)
    assert answer.status == 200, answer
    tell(f"{OPENAI_SIZE // MIB} MiB to /v1/uploads by {count} parts: at most {peak(service) / MIB:.1f} MiB")
    assert peak(service) <= ALLOWED


def test_a_client_that_does_not_read(service, tell):
    """The store is not read further than the client wants."""
    file_id = service.upload(bytes(64 * MIB))
    before = peak(service)
    connections = []
    for _ in range(20):
        connections.append(service.connect())
        connections[-1].sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
    for connection in connections:
        assert connection.recv(12, 0x100) == b"HTTP/1.1 200"
    tell(f"20 downloads that nobody reads: at most {peak(service) / MIB:.1f} MiB")
    assert peak(service) <= max(before, ALLOWED)


@pytest.mark.parametrize("size, options", [(16, []), (64, []), (64, ["--option", f"parallel_below_rate={2**64 - 1}"])], ids=["small", "stream", "parts"])
def test_many_downloads_from_s3_that_nobody_reads(tool, gateway, tell, size, options):
    """What the client of S3 holds counts, too. Those in parts: of some at once, and of all others as they come."""
    service = Service.of_tool(tool, gateway, *options)
    file_id = service.call("PUT", "/files", bytes(size * MIB)).json()["file_id"]
    connections = [service.connect() for _ in range(CONCURRENT)]
    for connection in connections:
        connection.sendall(f"GET /download/{file_id} HTTP/1.1\r\nHost: {service.address}\r\n\r\n".encode())
    for connection in connections:
        assert connection.recv(12, 0x100) == b"HTTP/1.1 200"
    # The systems on both sides hold some MiB of each: all of them have come to rest before they are let go.
    wait_until(lambda: is_at_rest(service), service.process)
    tell(f"{CONCURRENT} downloads of {size} MiB from S3 that nobody reads: at most {peak(service) / MIB:.1f} MiB")
    assert peak(service) <= ALLOWED_CONCURRENT + CONCURRENT * ALLOWED_OF_CONNECTION
    for connection in connections:
        connection.close()
    service.stop()


def is_at_rest(service):
    """The processor time of the service does not change any more."""

    def spent():
        with open(f"/proc/{service.process.pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[11:13]

    before = spent()
    time.sleep(1)
    return spent() == before


def test_many_uploads_at_once(service, local, tell):
    head, tail = form_head()
    block = os.urandom(MIB)
    statuses = []

    def client():
        with service.connect() as connection:
            length = len(head) + CONCURRENT_SIZE + len(tail)
            connection.sendall(
                f"POST /upload HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: {length}\r\n"
                f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
            )
            connection.sendall(head)
            for _ in range(CONCURRENT_SIZE // MIB):
                connection.sendall(block)
            connection.sendall(tail)
            statuses.append(connection.recv(12))

    threads = [threading.Thread(target=client) for _ in range(CONCURRENT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell(f"{CONCURRENT} uploads of {CONCURRENT_SIZE // MIB} MiB at once: at most {peak(service) / MIB:.1f} MiB")
    assert statuses == [b"HTTP/1.1 200"] * CONCURRENT
    assert peak(service) <= ALLOWED_CONCURRENT
    assert len(service.call("GET", "/files?limit=1000").json()["files"]) == CONCURRENT
