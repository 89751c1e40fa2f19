"""The service for programs that may wait."""

import io

from ._calls import refuse_to_wait_in_a_callback
from ._operations import Operations
from .errors import InvalidArgument

BUFFERED = 4 << 20


def _listed(page_of, cursor=None):
    while True:
        entries, cursor = page_of(cursor)
        yield from entries
        if cursor is None:
            return


class Service:
    """Stores files: bytes go in and come out by ID. Thread-safe; a context manager, which closes it.

        with filestore.Service(base_path="storage") as service:
            file_id = service.upload(b"hello", path="hello.txt", metadata={"owner": "ada"})
            service.download(file_id)

    The settings are the options of `filestore_options_set` in filestore.h: `backend="s3"`, `bucket_name=...`; none of them: files in ./storage.
    `on_warning` hears of files that are stored although name, declared type and content do not agree (`type_policy="warn"`).

    Every call takes `timeout` (seconds) and `cancel` (a CancelToken), and raises an Error. What interrupts a call, such as Control-C, cancels it. Readers,
    writers and listeners run on threads of the library: they must not wait for a service themselves (WouldDeadlock).
    """

    def __init__(self, *, on_warning=None, **settings):
        self._operations = Operations(settings, on_warning=on_warning)

    @classmethod
    def from_config(cls, path):
        """As a storage.yaml tells."""
        service = cls.__new__(cls)
        service._operations = Operations({}, config=path)
        return service

    @classmethod
    def on(cls, backend, *, catalogue_path, on_warning=None, **settings):
        """A service on a store of the program's own, a `StorageBackend`; what is done is recorded at `catalogue_path`, or nowhere ("off")."""
        service = cls.__new__(cls)
        service._operations = Operations({"catalogue_path": catalogue_path, **settings}, on_warning=on_warning, backend=backend)
        return service

    def close(self):
        """Ends the service; calls that are under way raise Cancelled. More than once is once."""
        self._operations.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _wait(self, begin, *arguments, **settings):
        refuse_to_wait_in_a_callback()
        return begin(*arguments, **settings).wait()

    def upload(self, source, **settings):
        """Stores bytes, the file at a pathlib.Path, or what a binary file-like object gives from where it is on; the ID. The file is there whole, or not at all.

        `path` (its name), `content_type`, `metadata` (a dict), `size` (of what a file-like object will give), `progress` (a function of bytes done and in
        all, or None), `pause`. A file-like object that can seek is sent again where a request fails.
        """
        return self._wait(self._operations.upload, source, **settings)

    def download(self, file_id, target=None, **settings):
        """The bytes of a file; or writes them to a pathlib.Path, whole or not at all, or to a binary file-like object, and returns their number.

        `offset` and `length` ask for a range, which is cut at the end. `progress` and `pause` are as of an upload.
        """
        return self._wait(self._operations.download, file_id, target, **settings)

    def open(self, file_id, **settings):
        """A stored file as a raw stream that can seek; io.BufferedReader makes small reads cheap."""
        return FileReader(self, file_id, self.metadata(file_id).size, settings)

    def create(self, **settings):
        """An upload as a stream to write to: an UploadWriter. Settings are those of an upload."""
        return UploadWriter(self, self._wait(self._operations.begin_upload, **settings), 0, "size" in settings)

    def resume(self, file_id):
        """Goes on with an upload that was left by `UploadWriter.leave`, perhaps by another process."""
        state = self.upload_state(file_id)
        return UploadWriter(self, file_id, state.offset, state.length is not None)

    def upload_state(self, file_id, **settings):
        """How far an upload in pieces is."""
        return self._wait(self._operations.upload_state, file_id, **settings)

    def delete(self, file_id, **settings):
        """Removes a file and records it; whether it was there."""
        return self._wait(self._operations.delete, file_id, **settings)

    def undelete(self, file_id, **settings):
        """Takes a deletion back (`soft_delete_grace`); whether there was something to do."""
        return self._wait(self._operations.undelete, file_id, **settings)

    def exists(self, file_id, **settings):
        """Whether a file is there; raises where that cannot be told."""
        return self._wait(self._operations.exists, file_id, **settings)

    def metadata(self, file_id, **settings):
        """What is known of a file: a FileInfo."""
        return self._wait(self._operations.metadata, file_id, **settings)

    def list(self, **settings):
        """All files, by ID: FileEntry after FileEntry, a page at a time."""
        return _listed(lambda cursor: self.list_page(cursor, **settings))

    def list_page(self, cursor=None, limit=0, **settings):
        """A page of files (at most `limit`, 1 to 1000, or 0 for 1000), and the cursor of the next one, or None."""
        return self._wait(self._operations.list_page, cursor, limit, **settings)

    def presign(self, file_id, **settings):
        """A URL, and when it ends. `method` (get, put, head, remove), `expires_in` (seconds), `disposition`, `content_type`."""
        return self._wait(self._operations.presign, file_id, **settings)

    def history(self, file_id, **settings):
        """What is recorded of a file: a dict."""
        return self._wait(self._operations.history, file_id, **settings)

    def flush(self, **settings):
        """Waits until the audit project was told all that had been recorded."""
        return self._wait(self._operations.flush, **settings)

    def audit_status(self, **settings):
        """What is still to be told: a dict."""
        return self._wait(self._operations.audit_status, **settings)

    def cleanup(self, days, **settings):
        """Removes the files that were stored more than `days` days ago; a report (dict). `dry_run`, `accept_missing`, and `file`, which hears of each file:
        ID, outcome, reason. It ends the run by raising."""
        return self._wait(self._operations.cleanup, days, **settings)

    def verify(self, **settings):
        """Reads every file and compares it; a report (dict). `repair`, `resume`, `parallel`, and `finding`, which hears of damage: ID, damage, what,
        whether it was moved to the quarantine. It ends the run by raising."""
        return self._wait(self._operations.verify, **settings)

    def reconcile(self, **settings):
        """Finds where store and records disagree; a report (dict). `repair`, and `drift`, which hears of each file: ID, drift, what, whether it was repaired."""
        return self._wait(self._operations.reconcile, **settings)

    @property
    def catalogue_path(self):
        """Where uploads and deletions are recorded; "" where they are not."""
        return self._operations.catalogue_path()

    def start(self):
        """Has the service do by itself what is for programs that run for long: scheduled cleanups, and telling the audit project."""
        self._operations.start()


class FileReader(io.RawIOBase):
    """A stored file: raw, readable, seekable. Each read asks the store for a range."""

    def __init__(self, service, file_id, size, settings):
        super().__init__()
        self._service = service
        self._id = file_id
        self._settings = settings
        self._position = 0
        self.size = size

    def readable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, memory):
        self._check_open()
        view = memoryview(memory).cast("B")
        length = min(len(view), max(0, self.size - self._position))
        if length == 0:
            return 0
        operations = self._service._operations
        count = self._service._wait(operations.download_into, self._id, view[:length], offset=self._position, length=length, **self._settings)
        self._position += count
        return count

    def readall(self):
        self._check_open()
        rest = bytearray(max(0, self.size - self._position))
        del rest[self.readinto(rest) if rest else 0:]
        return bytes(rest)

    def seek(self, offset, whence=io.SEEK_SET):
        self._check_open()
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise InvalidArgument(f"the place {start + offset} is before the first byte of the file (invalid_argument)")
        self._position = start + offset
        return self._position

    def tell(self):
        self._check_open()
        return self._position

    def _check_open(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")


class UploadWriter(io.BufferedIOBase):
    """An upload that is written to, with a buffer of its own; what is flushed the store keeps. `finish` makes a file of it, and so does the end of a `with` block
    without an exception; to close it otherwise gives it up. `leave` keeps it for `Service.resume`.
    """

    def __init__(self, service, file_id, offset, length_is_known):
        super().__init__()
        self._service = service
        self._length_is_known = length_is_known
        self._offset = offset
        self._buffer = bytearray()
        self._is_over = False
        self.id = file_id

    def writable(self):
        return True

    def tell(self):
        return self._offset + len(self._buffer)

    def write(self, data):
        self._check_open()
        view = memoryview(data).cast("B")
        if len(self._buffer) + len(view) > BUFFERED:
            self.flush()
        if len(view) > BUFFERED:
            self._append(view)
        else:
            self._buffer += view
        return len(view)

    def flush(self):
        self._check_open()
        if self._buffer:
            self._append(self._buffer)
            self._buffer = bytearray()

    def _append(self, data, length=None):
        operations = self._service._operations
        self._offset = self._service._wait(operations.append, self.id, self._offset, io.BytesIO(data), length)

    def finish(self):
        """Makes the file; its ID."""
        self.flush()
        if not self._length_is_known:
            self._append(b"", self._offset)
        self._service._wait(self._service._operations.finish_upload, self.id)
        self._end()
        return self.id

    def leave(self):
        """Keeps what was written for `Service.resume`; the ID."""
        self.flush()
        self._end()
        return self.id

    def _end(self):
        self._is_over = True
        self.close()

    def close(self):
        if self.closed:
            return
        is_given_up, self._is_over = not self._is_over, True
        self._buffer = bytearray()
        super().close()
        if is_given_up:
            self._service._wait(self._service._operations.end_upload, self.id)

    def __exit__(self, exception_type, *rest):
        if exception_type is None and not self.closed:
            self.finish()
        self.close()

    def _check_open(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")
