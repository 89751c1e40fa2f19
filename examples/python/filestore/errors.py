"""The exceptions: one for each code of the library, all of them `Error`."""


class Error(Exception):
    """Why a call failed: one line that says what, where, and what to do. Where a callback of the program failed, `__cause__` is its exception.

    `code` is the name of the code ("not_found"), `retryable` whether the same call may succeed when it is made again; `http_status`, `server_code`
    and `request_id` are the server's, or None.
    """

    code = "internal"

    def __init__(self, message, *, retryable=False, http_status=None, server_code=None, request_id=None):
        super().__init__(message)
        self.retryable = retryable
        self.http_status = http_status
        self.server_code = server_code
        self.request_id = request_id

    def __str__(self):
        return str(self.args[0])


BY_CODE = {}


def _exception(number, code, *bases):
    name = "".join(word.capitalize() for word in code.split("_"))
    exception = type(name, (Error, *bases), {"code": code, "__module__": __name__, "__doc__": f"An Error of the code {code}."})
    BY_CODE[number] = exception
    return exception


InvalidArgument = _exception(1, "invalid_argument", ValueError)
NotFound = _exception(2, "not_found", FileNotFoundError)
AlreadyExists = _exception(3, "already_exists", FileExistsError)
PreconditionFailed = _exception(4, "precondition_failed")
Conflict = _exception(5, "conflict")
PermissionDenied = _exception(6, "permission_denied", PermissionError)
Unauthenticated = _exception(7, "unauthenticated")
RangeNotSatisfiable = _exception(8, "range_not_satisfiable")
RateLimited = _exception(9, "rate_limited")
Timeout = _exception(10, "timeout", TimeoutError)
Cancelled = _exception(11, "cancelled")
Unavailable = _exception(12, "unavailable")
Corrupt = _exception(13, "corrupt")
Unsupported = _exception(14, "unsupported")
NoMemory = _exception(15, "no_memory", MemoryError)
NoSpace = _exception(16, "no_space")
Io = _exception(17, "io", OSError)
SourceFailed = _exception(18, "source_failed")
SinkFailed = _exception(19, "sink_failed")
Rejected = _exception(20, "rejected")
Configuration = _exception(21, "configuration")
WouldDeadlock = _exception(22, "would_deadlock", RuntimeError)
Forked = _exception(23, "forked")
OutcomeUnknown = _exception(24, "outcome_unknown")
Internal = _exception(25, "internal")
NotDelivered = _exception(26, "not_delivered")


def make_error(number, name, message, **details):
    """An exception of the code; one that a newer library has is an `Error` with its name."""
    exception = BY_CODE.get(number, Error)
    error = exception(f"{message} ({name})", **details)
    if exception is Error:
        error.code = name
    return error
