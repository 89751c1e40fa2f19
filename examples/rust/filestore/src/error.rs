//! What can go wrong, as a value.

use crate::ffi;
use filestore_sys as sys;
use std::{fmt, io};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:ident,)*) => {
        /// The codes of the library. Newer libraries may have more: an unknown one is [`Code::Internal`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The number that the C interface has for it.
            pub fn number(self) -> i32 {
                match self { $(Code::$name => sys::$number,)* }
            }

            pub(crate) fn from_number(number: i32) -> Code {
                match number { $(sys::$number => Code::$name,)* _ => Code::Internal }
            }
        }
    };
}

codes! {
    /// An argument is not valid.
    InvalidArgument = FILESTORE_INVALID_ARGUMENT,
    /// The file is not there.
    NotFound = FILESTORE_NOT_FOUND,
    /// A file with this ID is already there.
    AlreadyExists = FILESTORE_ALREADY_EXISTS,
    /// A condition of the request does not hold.
    PreconditionFailed = FILESTORE_PRECONDITION_FAILED,
    /// Another writer was at work at the same time.
    Conflict = FILESTORE_CONFLICT,
    /// Access is not allowed.
    PermissionDenied = FILESTORE_PERMISSION_DENIED,
    /// The credentials are missing, wrong or expired.
    Unauthenticated = FILESTORE_UNAUTHENTICATED,
    /// The range lies outside the file.
    RangeNotSatisfiable = FILESTORE_RANGE_NOT_SATISFIABLE,
    /// The server asks for fewer requests.
    RateLimited = FILESTORE_RATE_LIMITED,
    /// The time limit of the call, or of the network, passed.
    Timeout = FILESTORE_TIMEOUT,
    /// The call was cancelled.
    Cancelled = FILESTORE_CANCELLED,
    /// The server cannot be reached or cannot answer now.
    Unavailable = FILESTORE_UNAVAILABLE,
    /// Stored or received data is damaged.
    Corrupt = FILESTORE_CORRUPT,
    /// This backend or server cannot do it.
    Unsupported = FILESTORE_UNSUPPORTED,
    /// Out of memory.
    NoMemory = FILESTORE_NO_MEMORY,
    /// No space left for the data.
    NoSpace = FILESTORE_NO_SPACE,
    /// An operating system call failed.
    Io = FILESTORE_IO,
    /// The caller's reader failed, or did not deliver what it declared.
    SourceFailed = FILESTORE_SOURCE_FAILED,
    /// The caller's writer failed, or has no room.
    SinkFailed = FILESTORE_SINK_FAILED,
    /// Validation refused the file.
    Rejected = FILESTORE_REJECTED,
    /// The configuration is not valid.
    Configuration = FILESTORE_CONFIGURATION,
    /// A blocking call was made in a callback.
    WouldDeadlock = FILESTORE_WOULD_DEADLOCK,
    /// The object was made before fork and used in the child.
    Forked = FILESTORE_FORKED,
    /// The answer was lost, and the outcome cannot be told.
    OutcomeUnknown = FILESTORE_OUTCOME_UNKNOWN,
    /// A defect in the library.
    Internal = FILESTORE_INTERNAL,
    /// What was asked is done and recorded, but the audit server was not told yet.
    NotDelivered = FILESTORE_NOT_DELIVERED,
}

impl Code {
    /// Its name, for example "not_found".
    pub fn name(self) -> &'static str {
        // SAFETY: the text lives for ever.
        unsafe { std::ffi::CStr::from_ptr(sys::filestore_code_name(self.number())) }.to_str().unwrap_or("unknown")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(self.name())
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug)]
struct Details {
    code: Code,
    message: String,
    is_retryable: bool,
    http_status: Option<i32>,
    server_code: Option<String>,
    request_id: Option<String>,
    cause: Option<Cause>,
}

/// Why a call failed. A value; [`std::error::Error::source`] is what a reader, writer or callback of the program failed with.
#[derive(Debug)]
pub struct Error(Box<Details>);

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of the program's own, for backends in Rust.
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error(Box::new(Details {
            code,
            message: message.into(),
            is_retryable: false,
            http_status: None,
            server_code: None,
            request_id: None,
            cause: None,
        }))
    }

    /// Says that the same call may succeed when it is made again.
    pub fn retryable(mut self) -> Error {
        self.0.is_retryable = true;
        self
    }

    /// Reads an error that stays its owner's.
    ///
    /// # Safety
    /// `error` is null or an error that lives for the time of the call.
    pub(crate) unsafe fn read(code: i32, error: *const sys::filestore_error) -> Error {
        let non_empty = |text: String| Some(text).filter(|text| !text.is_empty());
        let status = sys::filestore_error_http_status(error);
        Error(Box::new(Details {
            code: Code::from_number(code),
            message: ffi::text_of(sys::filestore_error_message(error)),
            is_retryable: sys::filestore_error_retryable(error) != 0,
            http_status: Some(status).filter(|status| *status != 0),
            server_code: non_empty(ffi::text_of(sys::filestore_error_server_code(error))),
            request_id: non_empty(ffi::text_of(sys::filestore_error_request_id(error))),
            cause: None,
        }))
    }

    pub(crate) fn because(mut self, cause: Option<Cause>) -> Error {
        self.0.cause = cause;
        self
    }

    /// What a program decides by.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// One line that says what failed, where, and what to do; it never holds a secret.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same call may succeed when it is made again.
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// The HTTP status of the server's answer, where one was received.
    pub fn http_status(&self) -> Option<i32> {
        self.0.http_status
    }

    /// The server's own code, for example "NoSuchBucket".
    pub fn server_code(&self) -> Option<&str> {
        self.0.server_code.as_deref()
    }

    /// The server's id of the request, for its operator's logs.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{} ({})", self.0.message, self.0.code)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as _)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match error.code() {
            Code::NotFound => io::ErrorKind::NotFound,
            Code::AlreadyExists => io::ErrorKind::AlreadyExists,
            Code::PermissionDenied | Code::Unauthenticated => io::ErrorKind::PermissionDenied,
            Code::InvalidArgument => io::ErrorKind::InvalidInput,
            Code::Timeout => io::ErrorKind::TimedOut,
            Code::Corrupt => io::ErrorKind::InvalidData,
            Code::Unsupported => io::ErrorKind::Unsupported,
            Code::NoMemory => io::ErrorKind::OutOfMemory,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
