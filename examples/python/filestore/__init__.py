"""Stores files in a local directory or in an S3-compatible store, and records every upload and deletion: libfilestore for Python.

`Service` is for programs that may wait, `AsyncService` for asyncio. Every failure is an `Error`, with an exception for each code.
"""

import atexit

from ._calls import CancelToken, Pause
from ._library import lib
from ._operations import FileEntry, FileInfo, UploadState, close_all
from .aio import AsyncService
from .backend import Description, Request, StorageBackend
from .errors import (
    AlreadyExists, Cancelled, Configuration, Conflict, Corrupt, Error, Forked, Internal, InvalidArgument, Io,
    NoMemory, NoSpace, NotDelivered, NotFound, OutcomeUnknown, PermissionDenied, PreconditionFailed,
    RangeNotSatisfiable, RateLimited, Rejected, SinkFailed, SourceFailed, Timeout, Unauthenticated,
    Unavailable, Unsupported, WouldDeadlock,
)
from .exporter import AsyncExporter, Exporter
from .layouts import convert_store
from .service import FileReader, Service, UploadWriter

__all__ = [
    "AlreadyExists", "AsyncExporter", "AsyncService", "CancelToken", "Cancelled", "Configuration", "Conflict", "Corrupt", "Description", "Error",
    "Exporter", "FileEntry", "FileInfo", "FileReader", "Forked", "Internal", "InvalidArgument", "Io", "NoMemory", "NoSpace",
    "NotDelivered", "NotFound", "OutcomeUnknown", "Pause", "PermissionDenied", "PreconditionFailed",
    "RangeNotSatisfiable", "RateLimited", "Rejected", "Request", "Service", "SinkFailed", "SourceFailed", "StorageBackend", "Timeout",
    "Unauthenticated", "Unavailable", "Unsupported", "UploadState", "UploadWriter", "WouldDeadlock", "convert_store", "version",
]

atexit.register(close_all)


def version():
    """The version of the library that runs, for example "0.1.0"."""
    return lib.filestore_version().decode()
