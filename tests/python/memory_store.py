"""A store in Python that keeps files in memory."""

import bisect
import datetime
import io
import threading

import filestore


class MemoryWriter:
    def __init__(self, store, request):
        self._store, self._request = store, request
        self._bytes = bytearray()
        store.open_writers += 1

    def write(self, data):
        self._bytes += data
        if self._store.most is not None and len(self._bytes) > self._store.most:
            raise filestore.NoSpace("the shelf is full")

    def commit(self, size):
        assert size == len(self._bytes)
        self._store.put(self._request, bytes(self._bytes))

    def close(self):
        self._store.open_writers -= 1


class MemoryFile(io.BytesIO):
    def __init__(self, store, data):
        super().__init__(data)
        self._store = store
        store.open_readers += 1

    def close(self):
        if not self.closed:
            self._store.open_readers -= 1
        super().close()


class MemoryStore(filestore.StorageBackend):
    """Thread-safe."""

    name = "memory"
    compares_versions = True

    def __init__(self, most=None):
        self.files, self.most = {}, most
        self.open_readers = self.open_writers = 0
        self._uploads = 0
        self._lock = threading.Lock()

    def put(self, request, data):
        with self._lock:
            self._check(request, self.files.get(request.id))
            self._uploads += 1
            self.files[request.id] = data, filestore.Description(
                len(data), datetime.datetime.now(datetime.timezone.utc), request.path, request.content_type, request.metadata, f"v{self._uploads}")

    def _check(self, request, known):
        if request.create_only and known:
            raise FileExistsError("there is one")
        if request.if_version and (known is None or known[1].version != request.if_version):
            raise filestore.PreconditionFailed("it is another one")

    def describe(self, request):
        return self._known(request)[1]

    def open(self, request):
        return MemoryFile(self, self._known(request)[0])

    def create(self, request):
        return MemoryWriter(self, request)

    def _known(self, request):
        request.check()
        if request.id not in self.files:
            raise filestore.NotFound("nobody has put it here")
        return self.files[request.id]

    def remove(self, request):
        with self._lock:
            if request.id in self.files:
                self._check(request, self.files[request.id])
            return self.files.pop(request.id, None) is not None

    def list(self, request):
        ids = sorted(self.files)
        first = bisect.bisect_right(ids, request.cursor)
        page = ids[first:first + request.limit]
        entries = [filestore.FileEntry(file_id, len(self.files[file_id][0]), self.files[file_id][1].last_modified) for file_id in page]
        return entries, page[-1] if first + len(page) < len(ids) else None
