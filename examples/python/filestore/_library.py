"""libfilestore_c by ctypes: the functions of filestore.h with their types, and what every call needs.

ctypes and not cffi: it comes with Python, needs neither a compiler nor the header where a program runs, and the time that it takes is
little beside a file's. What it cannot do is to look at the header: a test of the library compares `_header.py` with that.
"""

import ctypes
import os
from ctypes import byref, c_void_p

from . import _header
from .errors import make_error

# The number is that of the ABI: a library with another one is not this.
SONAMES = ("libfilestore_c.so.1", "libfilestore_c.so.0")

TYPES = {
    "v": None, "i": ctypes.c_int32, "I": ctypes.c_uint32, "q": ctypes.c_int64, "Q": ctypes.c_uint64, "z": ctypes.c_size_t,
    "s": ctypes.c_char_p, "p": c_void_p,
}


def _load():
    """FILESTORE_LIBRARY names a file; else the system's loader finds it."""
    names = [os.environ["FILESTORE_LIBRARY"]] if "FILESTORE_LIBRARY" in os.environ else SONAMES
    failures = []
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError as error:
            failures.append(str(error))
    raise ImportError("libfilestore_c was not found; LD_LIBRARY_PATH leads to one in a prefix of its own: " + "; ".join(failures))


def _declared(library):
    for name, letters in _header.FUNCTIONS.items():
        result, arguments = letters.split(" ")
        function = getattr(library, name, None)
        # An older library lacks functions; who calls one of them is told so.
        if function is not None:
            function.restype = TYPES[result]
            function.argtypes = [TYPES[argument] for argument in arguments]
    # Bytes, which may have a NUL among them.
    library.filestore_buffer_data.restype = c_void_p
    return library


def callback(name):
    """A decorator: a Python function as a callback of the library, for ever. It must not raise."""
    result, arguments = _header.CALLBACKS[name].split(" ")
    return ctypes.CFUNCTYPE(TYPES[result], *(TYPES[argument] for argument in arguments))


lib = _declared(_load())


def text(value):
    return None if value is None else value.encode()


def read_error(code, error):
    """An exception for an error of the library, which stays its owner's."""
    def words(name):
        return getattr(lib, f"filestore_error_{name}")(error).decode(errors="replace")

    return make_error(
        code, lib.filestore_code_name(code).decode(), words("message"), retryable=bool(lib.filestore_error_retryable(error)),
        http_status=lib.filestore_error_http_status(error) or None, server_code=words("server_code") or None,
        request_id=words("request_id") or None)


def check(function, *arguments):
    """Calls a function that can fail, and raises what it fails with."""
    error = c_void_p()
    code = function(*arguments, byref(error))
    if code != _header.OK:
        try:
            raise read_error(code, error)
        finally:
            lib.filestore_error_destroy(error)


def make(function, *arguments):
    """What a function puts into its output: a handle."""
    handle = c_void_p()
    check(function, *arguments, byref(handle))
    return handle


def buffer_bytes(buffer):
    return ctypes.string_at(lib.filestore_buffer_data(buffer), lib.filestore_buffer_size(buffer))
