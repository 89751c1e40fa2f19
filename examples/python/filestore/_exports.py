"""What an exporter can do, as calls under way: Exporter waits for them, AsyncExporter awaits them."""

import os

from . import _streams
from ._calls import Opened
from ._library import check, lib, make, text
from ._operations import document
from ._options import Options, call_options
from ._streams import Listener


def exporter_options(*, key, ca_file, plain_http, parts, retry):
    """The handle of the options of an exporter, whose owner destroys it. `key` is a Listener or None."""
    handle = make(lib.filestore_exporter_options_create)
    try:
        if key:
            check(lib.filestore_exporter_options_set_key, handle, _streams.key, key.number)
        if ca_file is not None:
            check(lib.filestore_exporter_options_set_ca_file, handle, os.fsencode(ca_file))
        check(lib.filestore_exporter_options_set_plain_http, handle, int(plain_http))
        if parts is not None:
            check(lib.filestore_exporter_options_set_parts, handle, *parts)
        if retry is not None:
            attempts, first_delay, longest_delay = retry
            check(lib.filestore_exporter_options_set_retry, handle, attempts, int(first_delay * 1000), int(longest_delay * 1000))
    except BaseException:
        lib.filestore_exporter_options_destroy(handle)
        raise
    return handle


def send_options(*, base_url=None, key_variable=None, purpose=None, expires_in=None, again=False, progress=None, timeout=None, cancel=None):
    options = Options("send", timeout=timeout, cancel=cancel)
    options.set("base_url", text(base_url))
    options.set("key_variable", text(key_variable))
    options.set("purpose", text(purpose))
    options.set("expires_in", int(expires_in or 0))
    options.set("again", int(again))
    options.set_progress(progress)
    return options


class Exports(Opened):
    """An open exporter of a service's files. Thread-safe."""

    def __init__(self, operations, *, key=None, ca_file=None, plain_http=False, parts=None, retry=None):
        super().__init__("exporter")
        self._key = Listener(key) if key else None
        # The service lives as long.
        self._operations = operations
        self._handle = self._opened(dict(ca_file=ca_file, plain_http=plain_http, parts=parts, retry=retry))
        operations.close_first(self)

    def _opened(self, settings):
        options = exporter_options(key=self._key, **settings)
        try:
            with self._operations._used() as service:
                return make(lib.filestore_exporter_open, service, options)
        finally:
            lib.filestore_exporter_options_destroy(options)

    def close(self):
        handle = self._taken()
        if handle is not None:
            lib.filestore_exporter_close(handle)
            if self._key:
                self._key.release()

    def __del__(self):
        if hasattr(self, "_key"):
            self.close()

    def send(self, file_id, profile, **settings):
        return self._begin(lib.filestore_send_async, document, send_options(**settings), text(file_id), text(profile))

    def copies(self, file_id=None, *, after=0, limit=1000, **settings):
        return self._begin(lib.filestore_copies_async, document, call_options(**settings), text(file_id), after, limit)

    def unsend(self, file_id, profile=None, *, base_url=None, **settings):
        return self._begin(lib.filestore_unsend_async, document, call_options(**settings), text(file_id), text(profile), text(base_url))

    def settle(self, **settings):
        return self._begin(lib.filestore_settle_async, document, call_options(**settings))

    def start(self):
        with self._used() as handle:
            check(lib.filestore_exporter_start, handle)
