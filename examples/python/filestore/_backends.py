"""A backend in Python as the library sees it: a table of functions, whose context is a number."""

import ctypes
import errno
import io
import threading
from ctypes import byref

from . import _header, backend
from ._calls import Registry, in_callback
from ._library import TYPES, lib, make
from ._streams import memory_at, read_into
from .errors import BY_CODE, Error

# How long the end of a service waits for the library to let go of a backend.
LONGEST_END = 10

_backends = Registry()
_opened = Registry()

_NUMBERS = {exception: number for number, exception in BY_CODE.items()}
_NUMBERS_OF_PYTHON = (
    (FileNotFoundError, _header.NOT_FOUND), (FileExistsError, _header.ALREADY_EXISTS), (PermissionError, _header.PERMISSION_DENIED),
    (TimeoutError, _header.TIMEOUT), (NotImplementedError, _header.UNSUPPORTED), (MemoryError, _header.NO_MEMORY), (OSError, _header.IO),
)


def _member(letters):
    if " " not in letters:
        return TYPES[letters]
    result, arguments = letters.split(" ")
    return ctypes.CFUNCTYPE(TYPES[result], *(TYPES[argument] for argument in arguments))


class Table(ctypes.Structure):
    _fields_ = [(name, _member(letters)) for name, letters in _header.BACKEND_TABLE.items()]


def _number_of(exception):
    if type(exception) in _NUMBERS:
        return _NUMBERS[type(exception)]
    if isinstance(exception, OSError) and exception.errno in (errno.ENOSPC, errno.EDQUOT):
        return _header.NO_SPACE
    return next((number for kind, number in _NUMBERS_OF_PYTHON if isinstance(exception, kind)), _header.INTERNAL)


def _words_of(exception):
    return str(exception) if isinstance(exception, Error) else f"{type(exception).__name__}: {exception}"


def _answered(call, body):
    """Runs a function of the backend; its code, and what it raised as the failure of the call."""
    with in_callback():
        try:
            body()
            return _header.OK
        except BaseException as exception:
            words = " ".join(_words_of(exception).split()).encode(errors="replace")
            lib.filestore_backend_call_set_failure(call, words, int(getattr(exception, "retryable", False)), None)
            return _number_of(exception)


def _filled(function, fill):
    """Of functions that answer by the call."""
    def run(context, call):
        def body():
            fill(call, getattr(_backends[context].backend, function)(backend.Request(call)))

        return _answered(call, body)

    return run


def _open_reader(context, call, reader, size):
    def body():
        file = _backends[context].backend.open(backend.Request(call))
        ctypes.c_uint64.from_address(size).value = file.seek(0, io.SEEK_END)
        ctypes.c_size_t.from_address(reader).value = _opened.add(file)

    return _answered(call, body)


def _read(context, call, reader, offset, buffer, capacity, length):
    def body():
        file = _opened[reader]
        file.seek(offset)
        ctypes.c_size_t.from_address(length).value = read_into(file, memory_at(buffer, capacity))

    return _answered(call, body)


def _open_writer(context, call, writer):
    def body():
        ctypes.c_size_t.from_address(writer).value = _opened.add(_backends[context].backend.create(backend.Request(call)))

    return _answered(call, body)


def _write(context, call, writer, data, size):
    return _answered(call, lambda: _opened[writer].write(ctypes.string_at(data, size)))


def _commit(context, call, writer, size):
    return _answered(call, lambda: _opened[writer].commit(size))


def _close(context, opened):
    with in_callback():
        _opened.remove(opened).close()


def _remove(context, call, removed):
    def body():
        ctypes.c_int32.from_address(removed).value = bool(_backends[context].backend.remove(backend.Request(call)))

    return _answered(call, body)


def _destroy(context):
    _backends.remove(context).ended.set()


_FUNCTIONS = {
    "destroy": _destroy, "describe": _filled("describe", backend.fill_description), "open_reader": _open_reader, "read": _read, "close_reader": _close,
    "open_writer": _open_writer, "write": _write, "commit": _commit, "close_writer": _close, "remove": _remove, "list": _filled("list", backend.fill_page),
    "presign": _filled("presign", backend.fill_url),
}
# They live as long as the program, as the library may.
_KEPT = {name: _member(_header.BACKEND_TABLE[name])(function) for name, function in _FUNCTIONS.items()}


class CustomBackend:
    """A backend on its way to a service."""

    def __init__(self, custom):
        self.backend = custom
        self.ended = threading.Event()

    def _table(self):
        makes_urls = type(self.backend).presign is not backend.StorageBackend.presign
        functions = {name: function for name, function in _KEPT.items() if name != "presign" or makes_urls}
        abilities = _header.COMPARES_UPLOADS + _header.COMPARES_DELETIONS if self.backend.compares_versions else 0
        return Table(ctypes.sizeof(Table), abilities, self.backend.name.encode(), **functions)

    def open_on(self, options):
        """The handle of a service on it."""
        table = self._table()
        handle = make(lib.filestore_backend_create, byref(table), _backends.add(self), None)
        try:
            return make(lib.filestore_open_on, handle, options)
        finally:
            lib.filestore_backend_close(handle)

    def await_end(self):
        """A thread that has just answered a call may hold the backend a moment longer."""
        self.ended.wait(LONGEST_END)
