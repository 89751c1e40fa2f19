import gzip
import io
import os
import random
import threading

import pytest
from conftest import UNKNOWN

import filestore

CONTENT = random.Random(1).randbytes(3_000_000)


def test_file_like_objects_go_in_and_out(service, tmp_path):
    (tmp_path / "from").write_bytes(CONTENT)
    with open(tmp_path / "from", "rb") as file:
        file.seek(10)
        file_id = service.upload(file, size=len(CONTENT) - 10)
    copy = io.BytesIO()
    assert service.download(file_id, copy) == len(CONTENT) - 10
    assert copy.getvalue() == CONTENT[10:]
    with open(tmp_path / "raw", "wb", buffering=0) as file:
        service.download(file_id, file)
    assert (tmp_path / "raw").read_bytes() == CONTENT[10:]


def test_objects_with_read_and_write_alone(service):
    class Reads:
        def __init__(self):
            self.parts = [b"some ", b"parts", b""]

        def read(self, size):
            return self.parts.pop(0)

    class Writes:
        def __init__(self):
            self.parts = []

        def write(self, data):
            self.parts.append(bytes(data[:3]))
            return len(self.parts[-1])

    target = Writes()
    service.download(service.upload(Reads()), target)
    assert b"".join(target.parts) == b"some parts"


def test_a_pipe(service):
    reader, writer = os.pipe()
    threading.Thread(target=lambda: (os.write(writer, b"by a pipe"), os.close(writer))).start()
    with open(reader, "rb") as pipe:
        assert service.download(service.upload(pipe)) == b"by a pipe"


@pytest.mark.parametrize("data, exception", [(b"too many" * 1_000_000, ValueError), ("text", TypeError), (None, TypeError)])
def test_what_a_reader_gives_must_be_right(local, data, exception):
    class Odd:
        def read(self, size):
            return data

    with pytest.raises(filestore.SourceFailed) as failure:
        local.upload(Odd())
    assert isinstance(failure.value.__cause__, exception)


def test_a_source_that_would_have_to_wait_fails(local):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with open(reader, "rb", buffering=0) as pipe, pytest.raises(filestore.SourceFailed) as failure:
        local.upload(pipe)
    os.close(writer)
    assert isinstance(failure.value.__cause__, BlockingIOError)


def test_what_a_stream_raises_is_the_cause(service):
    class Broken(io.RawIOBase):
        def readinto(self, memory):
            raise ZeroDivisionError("read")

        def write(self, data):
            raise ZeroDivisionError("write")

    with pytest.raises(filestore.SourceFailed) as failure:
        service.upload(Broken())
    assert str(failure.value.__cause__) == "read"
    file_id = service.upload(b"x")
    with pytest.raises(filestore.SinkFailed) as failure:
        service.download(file_id, Broken())
    assert str(failure.value.__cause__) == "write"
    assert [entry.id for entry in service.list()] == [file_id]


def test_a_wrong_size_fails(service):
    with pytest.raises(filestore.SourceFailed):
        service.upload(io.BytesIO(b"short"), size=6)


def test_an_exit_in_a_reader_leaves_by_itself(local):
    class Leaving(io.RawIOBase):
        def readinto(self, memory):
            raise SystemExit(3)

    with pytest.raises(SystemExit):
        local.upload(Leaving())


def test_progress(service):
    heard = []
    file_id = service.upload(CONTENT, progress=lambda *step: heard.append(step))
    assert heard[-1] == (len(CONTENT), len(CONTENT)) and heard == sorted(heard)
    heard.clear()
    service.download(file_id, progress=lambda *step: heard.append(step))
    assert heard[-1] == (len(CONTENT), len(CONTENT))


def test_progress_that_raises_changes_nothing(service, monkeypatch):
    told = []
    monkeypatch.setattr("sys.unraisablehook", told.append)
    assert service.exists(service.upload(b"x", progress=lambda *_: 1 / 0))
    assert told and all(one.exc_type is ZeroDivisionError for one in told)


def test_a_paused_upload_goes_on(local):
    pause = filestore.Pause()
    pause.set()
    result = []
    thread = threading.Thread(target=lambda: result.append(local.upload(b"x", pause=pause)))
    thread.start()
    assert pause.is_set() and not result
    pause.set(False)
    thread.join()
    assert local.exists(result[0])


def test_a_stored_file_is_a_raw_stream(service):
    file_id = service.upload(CONTENT)
    with service.open(file_id) as file:
        assert isinstance(file, io.RawIOBase) and file.readable() and file.seekable() and not file.writable()
        assert file.size == len(CONTENT)
        assert file.read(5) == CONTENT[:5] and file.tell() == 5
        assert file.seek(-10, io.SEEK_END) == len(CONTENT) - 10
        assert file.readall() == CONTENT[-10:] and file.read() == b"" and file.read(5) == b""
        assert file.seek(7) == 7 and file.seek(3, io.SEEK_CUR) == 10
        memory = bytearray(4)
        assert file.readinto(memory) == 4 and memory == CONTENT[10:14]
        with pytest.raises(ValueError):
            file.seek(-1)
    for call in (file.read, file.tell, file.readall, lambda: file.seek(0)):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(filestore.NotFound):
        service.open(UNKNOWN)


def test_a_stored_file_under_a_buffer(service):
    lines = b"".join(b"line %d\n" % number for number in range(10_000))
    file_id = service.upload(gzip.compress(lines))
    with io.BufferedReader(service.open(file_id)) as file, gzip.open(file) as unpacked:
        assert sum(1 for _ in unpacked) == 10_000
        unpacked.seek(0)
        assert unpacked.readline() == b"line 0\n"


def test_a_file_that_goes_while_it_is_read(service):
    file_id = service.upload(b"x")
    with service.open(file_id) as file:
        service.delete(file_id)
        with pytest.raises(FileNotFoundError):
            file.read(1)


def test_an_upload_that_is_written(service):
    with service.create(path="written.txt", metadata={"k": "v"}) as upload:
        for number in range(1000):
            upload.write(b"line %d\n" % number)
        upload.flush()
        assert not service.exists(upload.id)
        upload.write(CONTENT * 2)
        assert upload.writable() and not upload.readable()
    assert service.download(upload.id, length=15).splitlines()[:2] == [b"line 0", b"line 1"]
    assert service.download(upload.id, offset=8890) == CONTENT * 2
    assert service.metadata(upload.id).metadata == {"k": "v"}
    for call in (lambda: upload.write(b"more"), upload.flush, upload.finish, upload.leave):
        with pytest.raises(ValueError):
            call()


def test_an_upload_of_text_lines(service):
    with service.create() as upload:
        lines = io.TextIOWrapper(upload, "utf-8", write_through=True)
        print("ä", 5, file=lines)
        lines.detach()
    assert service.download(upload.id).decode() == "ä 5\n"


def test_the_end_of_the_block_finishes_and_an_exception_gives_up(service):
    with service.create() as upload:
        assert upload.write(b"whole") == 5 and upload.tell() == 5
    assert service.download(upload.id) == b"whole"
    with pytest.raises(ZeroDivisionError), service.create() as upload:
        upload.write(b"half")
        1 / 0
    with pytest.raises(filestore.NotFound):
        service.upload_state(upload.id)
    assert len(list(service.list())) == 1


def test_an_upload_that_is_left_is_gone_on_with(service):
    upload = service.create(size=11)
    upload.write(b"first, ")
    file_id = upload.leave()
    assert service.upload_state(file_id) == filestore.UploadState(7, 11, False)
    with service.resume(file_id) as upload:
        upload.write(b"more")
    assert service.download(file_id) == b"first, more"
