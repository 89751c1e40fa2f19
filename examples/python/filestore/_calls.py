"""Calls under way: begun by the library's asynchronous functions, and waited for by a thread or by a coroutine."""

import asyncio
import contextlib
import itertools
import sys
import threading
from types import SimpleNamespace


from . import _header
from ._library import callback, check, lib, make, read_error
from .errors import Cancelled, WouldDeadlock

FAILED = -1

_thread = threading.local()


class Registry:
    """What the library has the number of, as a context."""

    def __init__(self):
        self._objects = {}
        self._numbers = itertools.count(1)

    def add(self, value):
        number = next(self._numbers)
        self._objects[number] = value
        return number

    def __getitem__(self, number):
        return self._objects[number]

    def remove(self, number):
        return self._objects.pop(number)


@contextlib.contextmanager
def in_callback():
    """Nothing may wait for a call here: the thread is the library's."""
    before, _thread.in_callback = getattr(_thread, "in_callback", False), True
    try:
        yield
    finally:
        _thread.in_callback = before


def refuse_to_wait_in_a_callback():
    if getattr(_thread, "in_callback", False):
        raise WouldDeadlock("a call was waited for in a callback: do that on another thread (would_deadlock)")


def report(exception):
    """An exception that nobody is there for."""
    sys.unraisablehook(SimpleNamespace(exc_type=type(exception), exc_value=exception, exc_traceback=exception.__traceback__,
                                       err_msg="Exception ignored in a callback of libfilestore", object=None))


class CancelToken:
    """Ends the calls that were given it, from any thread: they raise Cancelled."""

    def __init__(self):
        self._handle = make(lib.filestore_cancel_create)

    def cancel(self):
        lib.filestore_cancel_request(self._handle)

    def __del__(self):
        if handle := getattr(self, "_handle", None):
            lib.filestore_cancel_destroy(handle)


class Pause:
    """Stops the bytes of the calls that were given it, and lets them go on."""

    def __init__(self):
        self._handle = make(lib.filestore_pause_create)

    def set(self, paused=True):
        lib.filestore_pause_set(self._handle, int(paused))

    def is_set(self):
        return bool(lib.filestore_pause_is_set(self._handle))

    def __del__(self):
        if handle := getattr(self, "_handle", None):
            lib.filestore_pause_destroy(handle)


_calls = Registry()


@callback("filestore_done_function")
def _done(context, answer):
    call = _calls.remove(context)
    with in_callback():
        try:
            call._end(answer)
        except BaseException as exception:
            report(exception)


class Call:
    """One call. What the library uses stays in `options` and `streams` until it has ended."""

    def __init__(self, options, streams, take):
        self._options = options
        self._streams = streams
        self._take = take
        self._ended = threading.Event()
        self._listener = None
        self._lock = threading.Lock()
        self._outcome = None

    def begin(self, function, *arguments):
        number = _calls.add(self)
        try:
            check(function, *arguments, _done, number)
        except BaseException:
            _calls.remove(number)
            raise
        return self

    def cancel(self):
        self._options.cancel.cancel()

    def _end(self, answer):
        try:
            self._outcome = (self._result_of(answer), None)
        except BaseException as exception:
            self._outcome = (None, exception)
        finally:
            lib.filestore_answer_destroy(answer)
            for stream in self._streams:
                stream.release()
            with self._lock:
                self._ended.set()
                listener = self._listener
            if listener:
                listener()

    def _result_of(self, answer):
        code = lib.filestore_answer_code(answer)
        if code == _header.OK:
            return self._take(answer)
        error = read_error(code, lib.filestore_answer_error(answer))
        failure = next((stream.failure for stream in self._streams if stream.failure), None)
        if failure and not isinstance(failure, Exception):
            raise failure
        raise error from failure

    def _result(self):
        value, exception = self._outcome
        if exception:
            raise exception
        return value

    def wait(self):
        """On this thread. What interrupts it, such as Control-C, cancels the call."""
        try:
            self._ended.wait()
        except BaseException:
            self.cancel()
            self._ended.wait()
            raise
        return self._result()

    def _listen(self, listener):
        with self._lock:
            if not self._ended.is_set():
                self._listener = listener
                return
        listener()

    async def awaited(self):
        """In the running loop. Where the task is cancelled the call is, too, and has ended before the task goes on."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def tell():
            if not ended.done():
                ended.set_result(None)

        def listener():
            # A loop that was closed meanwhile waits for nothing any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(tell)

        self._listen(listener)
        cancelled = None
        while not self._ended.is_set():
            try:
                await asyncio.shield(ended)
            except asyncio.CancelledError as exception:
                cancelled = exception
                self.cancel()
        if cancelled:
            # What the call came to is looked at, so that a file that was stored after all is not lost without a word.
            self._tell_if_it_came_to_something()
            raise cancelled
        return self._result()

    def _tell_if_it_came_to_something(self):
        _, exception = self._outcome
        if exception and not isinstance(exception, Cancelled):
            report(exception)


class Opened:
    """A handle of the library that calls are made on, and that nobody closes meanwhile. Thread-safe."""

    def __init__(self, what):
        self._what = what
        self._handle = None
        self._lock = threading.RLock()

    def _taken(self):
        """The handle, for the one who closes it; None for all others."""
        with self._lock:
            handle, self._handle = self._handle, None
        return handle

    @contextlib.contextmanager
    def _used(self):
        with self._lock:
            if self._handle is None:
                raise Cancelled(f"the {self._what} is closed (cancelled)")
            yield self._handle

    def _begin(self, function, take, options, *arguments, streams=(), last=()):
        """Arguments in the order of C: those before the options, and those behind."""
        call = Call(options, [*streams, *options.streams], take)
        try:
            with self._used() as handle:
                return call.begin(function, handle, *arguments, options.handle, *last)
        except BaseException:
            for stream in call._streams:
                stream.release()
            raise
