"""The options of calls, as handles of the library."""

import json
import os

from ._calls import CancelToken
from ._library import check, lib, make, text
from ._streams import Progress
from . import _streams


class Options:
    """Options of one call. Each call has a token of its own, or the caller's."""

    def __init__(self, kind, *, timeout=None, cancel=None):
        self._kind = kind
        self.handle = make(getattr(lib, f"filestore_{kind}_options_create"))
        self.cancel = cancel or CancelToken()
        self.streams = []
        self.set("cancel", self.cancel._handle)
        if timeout is not None:
            self.set("timeout_ms", max(1, int(timeout * 1000)))

    def set(self, name, *values):
        check(getattr(lib, f"filestore_{self._kind}_options_set_{name}"), self.handle, *values)

    def set_progress(self, progress):
        if progress:
            stream = Progress(progress)
            self.streams.append(stream)
            self.set("progress", _streams.progress, stream.number)

    def __del__(self):
        if handle := getattr(self, "handle", None):
            getattr(lib, f"filestore_{self._kind}_options_destroy")(handle)


def call_options(*, timeout=None, cancel=None):
    return Options("call", timeout=timeout, cancel=cancel)


def upload_options(*, path=None, content_type=None, metadata=None, pause=None, progress=None, timeout=None, cancel=None):
    options = Options("upload", timeout=timeout, cancel=cancel)
    options.set("path", text(path))
    options.set("content_type", text(content_type))
    if metadata is not None:
        options.set("metadata_json", json.dumps(metadata).encode())
    if pause:
        options.set("pause", pause._handle)
    options.set_progress(progress)
    return options


def download_options(*, offset=0, length=None, pause=None, progress=None, timeout=None, cancel=None):
    options = Options("download", timeout=timeout, cancel=cancel)
    if offset or length is not None:
        options.set("range", offset, 2**64 - 1 if length is None else length)
    if pause:
        options.set("pause", pause._handle)
    options.set_progress(progress)
    return options


def presign_options(*, method="get", expires_in=3600, disposition=None, content_type=None, timeout=None, cancel=None):
    options = Options("presign", timeout=timeout, cancel=cancel)
    options.set("method", text(method))
    options.set("expires_in", int(expires_in))
    options.set("disposition", text(disposition))
    options.set("content_type", text(content_type))
    return options


def _option_text(value):
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return os.fsencode(value) if isinstance(value, (str, os.PathLike)) else str(value).encode()


def service_options(settings):
    """The handle of the options of a service, whose owner destroys it."""
    handle = make(lib.filestore_options_create)
    try:
        for name, value in settings.items():
            check(lib.filestore_options_set, handle, name.encode(), _option_text(value))
    except BaseException:
        lib.filestore_options_destroy(handle)
        raise
    return handle
