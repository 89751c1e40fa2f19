"""What a service can do, as calls under way: Service waits for them, AsyncService awaits them."""

import asyncio
import ctypes
import datetime
import json
import os
import weakref
from dataclasses import dataclass

from . import _streams
from ._backends import CustomBackend
from ._calls import Opened
from ._library import buffer_bytes, check, lib, make, text
from ._options import Options, call_options, download_options, presign_options, service_options, upload_options
from ._streams import AsyncSource, Listener, Sink, Source

UNKNOWN_SIZE = 2**64 - 1
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


@dataclass(frozen=True)
class FileInfo:
    """What is known of a file."""

    id: str
    path: str
    size: int
    last_modified: str
    content_type: str
    metadata: dict


@dataclass(frozen=True)
class FileEntry:
    """A file of a listing."""

    id: str
    size: int
    last_modified: str


@dataclass(frozen=True)
class UploadState:
    """How far an upload in pieces is; the length is None where it was not told yet."""

    offset: int
    length: int | None
    finished: bool


def _id(answer):
    return lib.filestore_answer_id(answer).decode()


def _flag(answer):
    return bool(lib.filestore_answer_flag(answer))


def _size(answer):
    return lib.filestore_answer_bytes(answer)


def _count(answer):
    return lib.filestore_answer_count(answer)


def _content(answer):
    return buffer_bytes(lib.filestore_answer_buffer(answer))


def document(answer):
    return json.loads(_content(answer))


def _info(answer):
    found = document(answer)
    return FileInfo(found["file_id"], found["original_path"], found["size"], found["last_modified"], found["content_type"], found["metadata"])


def _page(answer):
    page = lib.filestore_answer_page(answer)
    entries = [FileEntry(lib.filestore_list_page_id(page, index).decode(), lib.filestore_list_page_size(page, index),
                         lib.filestore_list_page_last_modified(page, index).decode())
               for index in range(lib.filestore_list_page_count(page))]
    following = lib.filestore_list_page_next(page)
    return entries, following and following.decode()


def _state(answer):
    length = lib.filestore_answer_length(answer)
    return UploadState(lib.filestore_answer_offset(answer), None if length == UNKNOWN_SIZE else length, _flag(answer))


def _url(answer):
    return _content(answer).decode(), EPOCH + datetime.timedelta(microseconds=lib.filestore_answer_expires_at(answer))


# At the end of the interpreter the library must not call back any more.
_open = weakref.WeakSet()


def close_all():
    for operations in list(_open):
        operations.close()


class Operations(Opened):
    """An open service. Thread-safe."""

    def __init__(self, settings, config=None, on_warning=None, backend=None):
        super().__init__("service")
        self._closed_first = weakref.WeakSet()
        self._backend = CustomBackend(backend) if backend is not None else None
        self._warning = Listener(on_warning) if on_warning else None
        self._handle = self._opened_by_config(config) if config is not None else self._opened(settings)
        _open.add(self)

    def _opened(self, settings):
        options = service_options(settings)
        try:
            if self._warning:
                check(lib.filestore_options_set_warning, options, _streams.warning, self._warning.number)
            return self._backend.open_on(options) if self._backend else make(lib.filestore_open, options)
        finally:
            lib.filestore_options_destroy(options)

    @staticmethod
    def _opened_by_config(config):
        return make(lib.filestore_open_config, os.fsencode(config))

    def close_first(self, other):
        """What uses the service is closed before it."""
        self._closed_first.add(other)

    def close(self):
        for other in list(self._closed_first):
            other.close()
        handle = self._taken()
        if handle is not None:
            lib.filestore_close(handle)
            if self._warning:
                self._warning.release()
            if self._backend:
                self._backend.await_end()

    def __del__(self):
        if hasattr(self, "_warning"):
            self.close()

    # Transfers

    def upload(self, source, *, size=None, loop=None, **settings):
        options = upload_options(**settings)
        if isinstance(source, os.PathLike):
            return self._begin(lib.filestore_upload_path_async, _id, options, os.fsencode(source))
        if isinstance(source, (bytes, bytearray, memoryview)):
            return self._upload_bytes(source, options)
        if hasattr(source, "__aiter__"):
            return self._upload_stream(AsyncSource(source, loop or asyncio.get_running_loop()), size, options)
        if not hasattr(source, "read"):
            raise TypeError(f"cannot upload {type(source).__name__}: give bytes, a path as pathlib.Path, or a binary file-like object")
        return self._upload_stream(Source(source), size, options)

    def _upload_bytes(self, source, options):
        # A copy, unless it is bytes, which do not change.
        data = source if isinstance(source, bytes) else bytes(source)
        options.data = data
        return self._begin(lib.filestore_upload_buffer_async, _id, options, data, len(data))

    def _upload_stream(self, source, size, options):
        rewind = _streams.rewind if source.can_rewind else None
        return self._begin(lib.filestore_upload_callback_async, _id, options, _streams.read, rewind, source.number,
                           UNKNOWN_SIZE if size is None else size, streams=[source])

    def download(self, file_id, target=None, **settings):
        options, file_id = download_options(**settings), text(file_id)
        if target is None:
            return self._begin(lib.filestore_download_buffer_async, _content, options, file_id)
        if isinstance(target, os.PathLike):
            return self._begin(lib.filestore_download_path_async, _size, options, file_id, os.fsencode(target))
        if not hasattr(target, "write"):
            raise TypeError(f"cannot download to {type(target).__name__}: give a path as pathlib.Path, or a binary file-like object")
        sink = Sink(target)
        return self._begin(lib.filestore_download_callback_async, _size, options, file_id, _streams.write, sink.number, streams=[sink])

    def download_into(self, file_id, memory, **settings):
        options = download_options(**settings)
        view = memoryview(memory).cast("B")
        options.data = (ctypes.c_char * len(view)).from_buffer(view)
        return self._begin(lib.filestore_download_into_async, _size, options, text(file_id), options.data, len(view))

    # Uploads in pieces

    def begin_upload(self, *, size=None, **settings):
        return self._begin(lib.filestore_upload_begin_async, _id, upload_options(**settings), UNKNOWN_SIZE if size is None else size)

    def append(self, file_id, offset, data, length=None):
        source = Source(data)
        return self._begin(lib.filestore_upload_append_callback_async, lib.filestore_answer_offset, upload_options(), text(file_id), offset,
                           _streams.read, source.number, UNKNOWN_SIZE, UNKNOWN_SIZE if length is None else length, streams=[source])

    def upload_state(self, file_id, **settings):
        return self._begin(lib.filestore_upload_state_async, _state, call_options(**settings), text(file_id))

    def finish_upload(self, file_id, **settings):
        return self._begin(lib.filestore_upload_finish_async, _id, call_options(**settings), text(file_id))

    def end_upload(self, file_id, **settings):
        return self._begin(lib.filestore_upload_end_async, _flag, call_options(**settings), text(file_id))

    # Stored files

    def delete(self, file_id, **settings):
        return self._begin(lib.filestore_delete_async, _flag, call_options(**settings), text(file_id))

    def undelete(self, file_id, **settings):
        return self._begin(lib.filestore_undelete_async, _flag, call_options(**settings), text(file_id))

    def exists(self, file_id, **settings):
        return self._begin(lib.filestore_exists_async, _flag, call_options(**settings), text(file_id))

    def metadata(self, file_id, **settings):
        return self._begin(lib.filestore_metadata_async, _info, call_options(**settings), text(file_id))

    def list_page(self, cursor=None, limit=0, **settings):
        return self._begin(lib.filestore_list_async, _page, call_options(**settings), text(cursor), limit)

    def presign(self, file_id, **settings):
        return self._begin(lib.filestore_presign_async, _url, presign_options(**settings), text(file_id))

    # Records and upkeep

    def history(self, file_id, **settings):
        return self._begin(lib.filestore_history_async, document, call_options(**settings), text(file_id))

    def flush(self, **settings):
        return self._begin(lib.filestore_flush_async, lambda answer: None, call_options(**settings))

    def audit_status(self, **settings):
        return self._begin(lib.filestore_audit_status_async, document, call_options(**settings))

    def cleanup(self, days, *, dry_run=False, file=None, accept_missing=False, **settings):
        options = call_options(**settings)
        options.set("accept_missing", int(accept_missing))
        listener = Listener(file or (lambda *_: None))
        return self._begin(lib.filestore_cleanup_report_async, document, options, days, int(dry_run), _streams.cleaned_file, listener.number,
                           streams=[listener])

    def reconcile(self, *, repair=False, drift=None, **settings):
        listener = Listener(drift or (lambda *_: None))
        return self._begin(lib.filestore_reconcile_async, document, call_options(**settings), int(repair), _streams.drift, listener.number,
                           streams=[listener])

    def verify(self, *, repair=False, resume=False, parallel=None, finding=None, **settings):
        options, listener = Options("verify", **settings), Listener(finding or (lambda *_: None))
        options.streams.append(listener)
        try:
            options.set("repair", int(repair))
            options.set("resume", int(resume))
            options.set("finding", _streams.finding, listener.number)
            if parallel is not None:
                options.set("parallel", parallel)
        except BaseException:
            listener.release()
            raise
        return self._begin(lib.filestore_verify_async, document, options)

    # What does not wait

    def catalogue_path(self):
        with self._used() as handle:
            return lib.filestore_catalogue_path(handle).decode(errors="surrogateescape")

    def start(self):
        with self._used() as handle:
            check(lib.filestore_start, handle)
