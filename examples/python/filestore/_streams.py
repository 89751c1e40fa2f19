"""Readers, writers and listeners of the program, as callbacks of the library see them."""

import asyncio
import ctypes


from ._calls import FAILED, Registry, in_callback, report
from ._library import callback

_streams = Registry()


class Stream:
    """Something that the library calls back; `failure` is what that raised."""

    def __init__(self):
        self.failure = None
        self.number = _streams.add(self)

    def release(self):
        _streams.remove(self.number)

    def run(self, body, *arguments):
        with in_callback():
            try:
                body(*arguments)
                return 0
            except BaseException as exception:
                self.failure = exception
                return FAILED


def memory_at(address, size):
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")


class Source(Stream):
    """A binary file-like object to read from: `readinto` where it has that, else `read`."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream
        self._start = _position(stream)

    @property
    def can_rewind(self):
        return self._start is not None

    def read(self, address, capacity, length):
        ctypes.c_size_t.from_address(length).value = read_into(self._stream, memory_at(address, capacity))

    def rewind(self):
        self._stream.seek(self._start)


class AsyncSource(Stream):
    """An asynchronous iterator of bytes, which goes on in its own loop while a thread of the library waits."""

    can_rewind = False

    def __init__(self, iterator, loop):
        super().__init__()
        self._iterator = aiter(iterator)
        self._loop = loop
        self._rest = memoryview(b"")

    def read(self, address, capacity, length):
        while not self._rest:
            chunk = asyncio.run_coroutine_threadsafe(anext(self._iterator, None), self._loop).result()
            if chunk is None:
                break
            self._rest = memoryview(chunk).cast("B")
        count = _put(memory_at(address, capacity), self._rest[:capacity])
        self._rest = self._rest[count:]
        ctypes.c_size_t.from_address(length).value = count


class Sink(Stream):
    """A binary file-like object to write to."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def write(self, address, size):
        rest = memoryview(ctypes.string_at(address, size))
        while rest:
            count = self._stream.write(rest)
            rest = rest[len(rest) if count is None else count:]


class Listener(Stream):
    """A function that hears of one thing after another, and ends the call where it raises."""

    def __init__(self, hear):
        super().__init__()
        self.hear = hear


class Progress(Stream):
    """A function that hears how far a transfer is. What it raises is told to sys.unraisablehook, and changes nothing."""

    def __init__(self, hear):
        super().__init__()
        self._hear = hear

    def tell(self, done, total):
        if self.run(self._hear, done, None if total == 2**64 - 1 else total):
            report(self.failure)
            self.failure = None


def read_into(stream, memory):
    """How many bytes a binary file-like object has given."""
    if hasattr(stream, "readinto"):
        count = stream.readinto(memory)
        if count is None:
            raise BlockingIOError("the source does not block: it has no bytes now")
        return count
    return _put(memory, stream.read(len(memory)))


def _put(memory, data):
    view = memoryview(data).cast("B")
    if len(view) > len(memory):
        raise ValueError(f"{len(view)} bytes were given where {len(memory)} fit")
    memory[:len(view)] = view
    return len(view)


def _position(stream):
    """Where a stream is that can go back to there; else None."""
    try:
        return stream.tell() if stream.seekable() else None
    except (AttributeError, OSError):
        return None


@callback("filestore_read_function")
def read(context, buffer, capacity, length):
    stream = _streams[context]
    return stream.run(stream.read, buffer, capacity, length)


@callback("filestore_rewind_function")
def rewind(context):
    stream = _streams[context]
    return stream.run(stream.rewind)


@callback("filestore_write_function")
def write(context, data, size):
    stream = _streams[context]
    return stream.run(stream.write, data, size)


@callback("filestore_progress_function")
def progress(context, done, total):
    _streams[context].tell(done, total)


def _strings(*texts):
    return [text.decode(errors="replace") for text in texts]


@callback("filestore_finding_function")
def finding(context, file_id, damage, what, quarantined):
    stream = _streams[context]
    return stream.run(stream.hear, *_strings(file_id, damage, what), bool(quarantined))


@callback("filestore_cleanup_function")
def cleaned_file(context, file_id, outcome, reason):
    stream = _streams[context]
    return stream.run(stream.hear, *_strings(file_id, outcome, reason))


@callback("filestore_drift_function")
def drift(context, file_id, kind, what, repaired):
    stream = _streams[context]
    return stream.run(stream.hear, *_strings(file_id, kind, what), bool(repaired))


@callback("filestore_warning_function")
def warning(context, path, declared_type, found_type, message):
    stream = _streams[context]
    if stream.run(stream.hear, *_strings(path, declared_type, found_type, message)):
        report(stream.failure)


@callback("filestore_files_function")
def files(context, done, total):
    _streams[context].tell(done, total)


@callback("filestore_key_function")
def key(context, profile, base_url, key_variable, into, capacity, length):
    stream = _streams[context]

    def give():
        given = stream.hear(*_strings(profile, base_url, key_variable)).encode()
        _put(memory_at(into, capacity), given)
        ctypes.c_size_t.from_address(length).value = len(given)

    code = stream.run(give)
    if code:
        report(stream.failure)
    return code
