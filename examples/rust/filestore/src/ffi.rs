//! What every call across the border needs: texts, failures, and callbacks that neither unwind nor go unnoticed.

use crate::{Code, Error, Result};
use filestore_sys as sys;
use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::{fmt, ptr};

/// What a callback returns that panicked or failed; the number comes back in the error, and says nothing more.
pub(crate) const FAILED: i32 = -1;

pub(crate) fn check(call: impl FnOnce(*mut *mut sys::filestore_error) -> i32) -> Result<()> {
    let mut error = ptr::null_mut();
    let code = call(&mut error);
    if code == sys::FILESTORE_OK {
        return Ok(());
    }
    // SAFETY: a call that fails has set `error` to null or to an error, which is ours.
    unsafe {
        let failure = Error::read(code, error);
        sys::filestore_error_destroy(error);
        Err(failure)
    }
}

pub(crate) fn text(value: &str) -> Result<CString> {
    CString::new(value).map_err(|_| Error::new(Code::InvalidArgument, "a text has a NUL in it"))
}

pub(crate) fn path_text(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Error::new(Code::InvalidArgument, "a path has a NUL in it"))
}

/// A text that may be missing.
pub(crate) struct OptionalText(Option<CString>);

impl OptionalText {
    pub(crate) fn new(value: Option<&str>) -> Result<OptionalText> {
        Ok(OptionalText(value.map(text).transpose()?))
    }

    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.0.as_ref().map_or(ptr::null(), |text| text.as_ptr())
    }
}

/// # Safety
/// `pointer` is null or a text that lives for the time of the call.
pub(crate) unsafe fn text_of(pointer: *const c_char) -> String {
    if pointer.is_null() {
        String::new()
    } else {
        CStr::from_ptr(pointer).to_string_lossy().into_owned()
    }
}

thread_local! {
    static CALLBACKS: Cell<u32> = Cell::new(0);
}

/// Whether this thread is in a callback of the library, where nothing may wait for it.
pub(crate) fn is_in_callback() -> bool {
    CALLBACKS.with(|depth| depth.get() > 0)
}

/// What a panic said.
#[derive(Debug)]
pub(crate) struct Panic(String);

impl fmt::Display for Panic {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "panicked: {}", self.0)
    }
}

impl std::error::Error for Panic {}

/// Runs the program's part of a callback. A panic ends here.
pub(crate) fn run_callback<T>(body: impl FnOnce() -> T) -> std::result::Result<T, Panic> {
    CALLBACKS.with(|depth| depth.set(depth.get() + 1));
    let outcome = catch_unwind(AssertUnwindSafe(body));
    CALLBACKS.with(|depth| depth.set(depth.get() - 1));
    outcome.map_err(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| text.to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        if text.is_none() {
            // What it holds may panic again when it is dropped.
            std::mem::forget(payload);
        }
        Panic(text.unwrap_or_else(|| "a value that is no text".into()))
    })
}

/// Ends something outside of callbacks: closing waits for calls, and those still use what was closed.
pub(crate) fn end_outside_of_callbacks<T: Send + 'static>(value: T) {
    if !is_in_callback() {
        return drop(value);
    }
    let value = std::mem::ManuallyDrop::new(value);
    // Without a thread it stays open: better than memory that is used after its end.
    let _ = std::thread::Builder::new().spawn(move || drop(std::mem::ManuallyDrop::into_inner(value)));
}

/// `handle!(Name, raw type, function that ends it)`: an owned handle.
macro_rules! handle {
    ($name:ident, $raw:ident, $destroy:ident) => {
        pub(crate) struct $name(std::ptr::NonNull<filestore_sys::$raw>);

        #[allow(dead_code)]
        impl $name {
            /// Takes what `make` puts into the place that it is given.
            pub(crate) fn make(
                make: impl FnOnce(*mut *mut filestore_sys::$raw, *mut *mut filestore_sys::filestore_error) -> i32,
            ) -> crate::Result<$name> {
                let mut raw = std::ptr::null_mut();
                crate::ffi::check(|error| make(&mut raw, error))?;
                Ok($name(std::ptr::NonNull::new(raw).expect("a handle")))
            }

            pub(crate) fn as_ptr(&self) -> *mut filestore_sys::$raw {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: it is ours, and ends once.
                unsafe { filestore_sys::$destroy(self.0.as_ptr()) }
            }
        }
    };
}
pub(crate) use handle;

handle!(Buffer, filestore_buffer, filestore_buffer_destroy);

// SAFETY: convention 9 of filestore.h: a buffer does not change, so any thread may read it.
unsafe impl Send for Buffer {}
unsafe impl Sync for Buffer {}

impl Buffer {
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer is not null, and its bytes live as long as it.
        unsafe { bytes_of(self.as_ptr()) }
    }

    pub(crate) fn into_text(self) -> Result<String> {
        utf8(self.bytes())
    }
}

/// # Safety
/// `buffer` is null or lives for `'a`.
pub(crate) unsafe fn bytes_of<'a>(buffer: *const sys::filestore_buffer) -> &'a [u8] {
    let (data, size) = (sys::filestore_buffer_data(buffer), sys::filestore_buffer_size(buffer));
    std::slice::from_raw_parts(data.cast(), size)
}

pub(crate) fn utf8(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::new(Code::Internal, "the library answered what is no UTF-8"))
}
