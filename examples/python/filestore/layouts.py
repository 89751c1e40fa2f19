"""Another layout of a local store."""

import ctypes
from ctypes import byref

from . import _streams
from ._library import check, lib, text
from ._options import call_options, service_options
from ._streams import Progress


def convert_store(layout, *, progress=None, timeout=None, cancel=None, **settings):
    """Gives the local store of these settings, which nobody has open, the layout "flat" or "sharded"; how many files were moved. None is read or copied. `progress` hears how many files of about how many are done.

    Where it ends early, as by `timeout` or `cancel`, the store is whole, and another call goes on. Raises Conflict where somebody has the store open, Configuration where there is none.
    """
    limits, files = call_options(timeout=timeout, cancel=cancel), ctypes.c_uint64()
    options, listener = service_options(settings), Progress(progress or (lambda *_: None))
    try:
        check(lib.filestore_convert_store, options, text(layout), _streams.files, listener.number, limits.handle, byref(files))
        return files.value
    finally:
        listener.release()
        lib.filestore_options_destroy(options)
