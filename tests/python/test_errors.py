import io
import os
import signal
import subprocess
import sys
import threading

import pytest
from conftest import UNKNOWN, s3_settings

import filestore
from filestore import _header, errors


def test_every_code_has_its_exception():
    from filestore._library import lib

    numbers = {value for name, value in vars(_header).items() if name.isupper() and isinstance(value, int)}
    codes = {number: lib.filestore_code_name(number).decode() for number in numbers}
    codes = {number: name for number, name in codes.items() if name not in ("unknown", "ok")}
    assert {number: exception.code for number, exception in errors.BY_CODE.items()} == codes
    assert all(getattr(filestore, exception.__name__) is exception for exception in errors.BY_CODE.values())


def test_a_code_of_a_newer_library_is_an_error_with_its_name():
    error = errors.make_error(999, "unheard_of", "what", retryable=True)
    assert type(error) is filestore.Error and error.code == "unheard_of" and error.retryable


def test_exceptions_are_those_of_python_too(local):
    with pytest.raises(FileNotFoundError) as failure:
        local.download(UNKNOWN)
    assert isinstance(failure.value, filestore.Error) and failure.value.code == "not_found"
    assert str(failure.value).endswith("(not_found)") and failure.value.__cause__ is None
    with pytest.raises(ValueError, match="36|UUID|ID"):
        local.download("no id")


def test_what_the_server_said(tmp_path):
    with filestore.Service(**{**s3_settings(tmp_path), "bucket_name": "no-such-bucket-here"}) as service:
        with pytest.raises(filestore.Configuration) as failure:
            service.upload(b"x")
    assert (failure.value.http_status, failure.value.server_code, failure.value.retryable) == (404, "NoSuchBucket", False)


def test_a_server_that_is_not_there_is_retryable(tmp_path):
    settings = {**s3_settings(tmp_path), "endpoint": "http://127.0.0.1:1", "max_attempts": 1}
    with filestore.Service(**settings) as service, pytest.raises(filestore.Unavailable) as failure:
        service.exists(UNKNOWN)
    assert failure.value.retryable


@pytest.mark.parametrize("settings", [{"base_pth": "x"}, {"durability": "some"}, {"max_size": -1}])
def test_options_that_cannot_be_right(settings):
    with pytest.raises(filestore.InvalidArgument):
        filestore.Service(**settings)


def test_arguments_that_cannot_be_right(local):
    for source in ("text", 5, None):
        with pytest.raises(TypeError):
            local.upload(source)
    with pytest.raises(TypeError):
        local.download(UNKNOWN, "a/path")
    with pytest.raises(TypeError):
        local.upload(b"x", colour="red")
    with pytest.raises(filestore.InvalidArgument):
        local.upload(b"x", metadata=[1])
    with pytest.raises(filestore.InvalidArgument):
        local.upload(b"x", metadata={"size": 5})


def test_rules_refuse(tmp_path):
    with filestore.Service(base_path=tmp_path / "store", max_size=3) as service, pytest.raises(filestore.Rejected):
        service.upload(io.BytesIO(b"four"))


def test_a_closed_service_is_cancelled_and_closes_again(local):
    local.close()
    local.close()
    for call in (lambda: local.upload(b"x"), lambda: local.upload(io.BytesIO(b"x")), lambda: local.catalogue_path, local.start):
        with pytest.raises(filestore.Cancelled):
            call()


def test_a_token_ends_calls(service):
    token = filestore.CancelToken()
    begun = threading.Event()

    class Endless(io.RawIOBase):
        def readinto(self, memory):
            begun.set()
            threading.Event().wait(0.001)
            return min(len(memory), 1000)

    threading.Thread(target=lambda: (begun.wait(), token.cancel())).start()
    with pytest.raises(filestore.Cancelled):
        service.upload(Endless(), cancel=token)
    with pytest.raises(filestore.Cancelled):
        service.exists(UNKNOWN, cancel=token)
    assert list(service.list()) == []


def test_a_time_limit(local):
    class Slow(io.RawIOBase):
        def readinto(self, memory):
            threading.Event().wait(0.002)
            return 1

    with pytest.raises(TimeoutError):
        local.upload(Slow(), timeout=0.03)


def test_to_wait_in_a_callback_is_refused(service):
    failures = []

    class Nested(io.RawIOBase):
        def readinto(self, memory):
            try:
                service.exists(UNKNOWN)
            except filestore.WouldDeadlock as error:
                failures.append(error)
            return 0

    service.upload(Nested())
    assert len(failures) == 1


def test_an_interrupt_cancels(local):
    class Interrupting(io.RawIOBase):
        def readinto(self, memory):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(0.002)
            return 1

    with pytest.raises(KeyboardInterrupt):
        local.upload(Interrupting())
    assert list(local.list()) == []


def test_after_fork_the_child_is_told(local):
    local.exists(UNKNOWN)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            local.exists(UNKNOWN)
        except filestore.Forked:
            os.write(writer, b"forked")
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with open(reader, "rb") as pipe:
        assert pipe.read() == b"forked"
    assert not local.exists(UNKNOWN)


LEAKED = """
import filestore, sys, threading, io
service = filestore.Service(base_path=sys.argv[1])
class Endless(io.RawIOBase):
    def readinto(self, memory):
        begun.set()
        return 1
begun = threading.Event()
call = service._operations.upload(Endless())
begun.wait()
"""


def test_a_program_may_end_with_calls_under_way(tmp_path):
    ended = subprocess.run([sys.executable, "-c", LEAKED, tmp_path / "store"], capture_output=True, text=True,
                           env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert (ended.returncode, ended.stderr) == (0, "")


def test_without_the_library_it_says_where_to_look(tmp_path):
    variables = {**os.environ, "FILESTORE_LIBRARY": str(tmp_path / "missing.so"), "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", "import filestore"], capture_output=True, text=True, env=variables)
    assert ended.returncode == 1 and "ImportError: libfilestore_c was not found" in ended.stderr


def test_the_package_of_python_has_the_version_of_the_library():
    assert filestore.version().count(".") == 2
