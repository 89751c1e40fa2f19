"""Backends of the program's own: stores in Python, with services on them."""

import datetime
import json
from dataclasses import dataclass, field

from . import _header
from ._library import check, lib
from .errors import BY_CODE, Unsupported

UNKNOWN_SIZE = 2**64 - 1


@dataclass(frozen=True)
class Description:
    """What a backend knows of a file. `version` is another one with each upload; "" where the backend has none."""

    size: int
    last_modified: datetime.datetime
    path: str = ""
    content_type: str = "application/octet-stream"
    metadata: dict = field(default_factory=dict)
    version: str = ""


class Request:
    """What a backend is asked. It lives as long as the call: for a writer, until that is closed."""

    def __init__(self, call):
        self._call = call

    def _text(self, name):
        return getattr(lib, f"filestore_backend_call_{name}")(self._call).decode()

    @property
    def id(self):
        """The ID of the file; "" of listings."""
        return self._text("id")

    @property
    def path(self):
        """Of uploads: the name that the file has for its owner."""
        return self._text("path")

    @property
    def content_type(self):
        """Of uploads."""
        return self._text("content_type")

    @property
    def metadata(self):
        """Of uploads: a dict."""
        return json.loads(self._text("metadata") or "{}")

    @property
    def size(self):
        """Of uploads: how many bytes will come, or None."""
        size = lib.filestore_backend_call_size(self._call)
        return None if size == UNKNOWN_SIZE else size

    @property
    def create_only(self):
        """Of uploads: whether no file may be there (AlreadyExists)."""
        return bool(lib.filestore_backend_call_create_only(self._call))

    @property
    def if_version(self):
        """Of uploads and deletions: the version that the file must have (PreconditionFailed), or ""."""
        return self._text("if_version")

    @property
    def cursor(self):
        """Of listings: what was answered as the next cursor on the page before, or "". It may also be any text that a caller has made up."""
        return self._text("cursor")

    @property
    def limit(self):
        """Of listings: the most files of the page."""
        return lib.filestore_backend_call_limit(self._call)

    @property
    def method(self):
        """Of URLs: "get", "put", "head" or "remove"."""
        return self._text("method")

    @property
    def expires_in(self):
        """Of URLs: seconds."""
        return lib.filestore_backend_call_expires_in(self._call)

    def check(self):
        """For what may take long: raises Cancelled or Timeout once the call has to end."""
        code = lib.filestore_backend_call_state(self._call)
        if code != _header.OK:
            raise BY_CODE[code]("the call has to end")


class StorageBackend:
    """To be derived from, and opened by `Service.on(backend, catalogue_path=...)` or `AsyncService.on`. The functions are called on threads of the library, for different calls at once, and may block, but
    must not wait for a service. A failure is raised: an Error, or an exception of Python's such as FileNotFoundError; any other is `internal`.
    """

    name = "custom"
    # Whether uploads and deletions look at `request.if_version`.
    compares_versions = False

    def describe(self, request):
        """A Description; NotFound where the file is not there."""
        raise NotImplementedError

    def open(self, request):
        """The bytes of a file: a binary file-like object that can seek, which is closed at the end; NotFound."""
        raise NotImplementedError

    def create(self, request):
        """A writer of a file: `write(bytes)` takes all of them, `commit(size)` makes the file, whole and with its metadata, in place of one that is there, and `close()`
        is called at the end: without `commit`, or where that failed, nothing of the file stays."""
        raise NotImplementedError

    def remove(self, request):
        """Removes a file; whether it was there."""
        raise NotImplementedError

    def list(self, request):
        """A page, and the next cursor or None: FileEntry after FileEntry in the order of their IDs, with datetimes as `last_modified`, at most `request.limit` behind `request.cursor`."""
        raise NotImplementedError

    def presign(self, request):
        """A URL, and when it ends."""
        raise Unsupported("this backend makes no URLs (unsupported)")


def fill_description(call, description):
    check(lib.filestore_backend_call_set_info, call, description.size, microseconds_of(description.last_modified), description.path.encode(),
          description.content_type.encode(), json.dumps(description.metadata).encode(), description.version.encode())


def fill_page(call, page):
    files, following = page
    for file in files:
        check(lib.filestore_backend_call_add_file, call, file.id.encode(), file.size, microseconds_of(file.last_modified))
    if following is not None:
        check(lib.filestore_backend_call_set_next, call, following.encode())


def fill_url(call, answer):
    url, expires_at = answer
    check(lib.filestore_backend_call_set_url, call, url.encode(), microseconds_of(expires_at))


def microseconds_of(time):
    return round(time.timestamp() * 1_000_000)
