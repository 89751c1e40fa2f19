//! Ending calls, and stopping their bytes for a while.

use crate::ffi::handle;
use crate::Result;
use filestore_sys as sys;
use std::fmt;
use std::sync::Arc;

handle!(CancelHandle, filestore_cancel, filestore_cancel_destroy);
handle!(PauseHandle, filestore_pause, filestore_pause_destroy);

// SAFETY: convention 9 of filestore.h: a cancel token and a pause may be used by any number of threads at once.
unsafe impl Send for CancelHandle {}
unsafe impl Sync for CancelHandle {}
unsafe impl Send for PauseHandle {}
unsafe impl Sync for PauseHandle {}

/// A token by which any thread can end the calls whose options hold it. Clones are the same token.
///
/// ```
/// # fn main() -> filestore::Result<()> {
/// let token = filestore::CancelToken::new()?;
/// let options = filestore::UploadOptions::new().cancel(&token);
/// # let directory = filestore::doc_directory();
/// # let service = filestore::Service::open(&filestore::Options::local(&directory)?)?;
/// token.cancel();
/// let error = service.upload_bytes(b"too late", &options).unwrap_err();
/// assert_eq!(error.code(), filestore::Code::Cancelled);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CancelToken(Arc<CancelHandle>);

impl CancelToken {
    /// A token that nobody has asked to end anything.
    pub fn new() -> Result<CancelToken> {
        // SAFETY: the output and the error are places.
        let handle = CancelHandle::make(|out, error| unsafe { sys::filestore_cancel_create(out, error) })?;
        Ok(CancelToken(Arc::new(handle)))
    }

    /// Ends every call that holds the token, now or later, with [`Code::Cancelled`](crate::Code::Cancelled); it cannot be taken back.
    pub fn cancel(&self) {
        // SAFETY: the handle lives, and any thread may ask.
        unsafe { sys::filestore_cancel_request(self.0.as_ptr()) }
    }

    pub(crate) fn as_ptr(&self) -> *const sys::filestore_cancel {
        self.0.as_ptr()
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("CancelToken")
    }
}

/// A switch by which any thread can stop the bytes of the calls whose options hold it. Clones are the same switch.
#[derive(Clone)]
pub struct Pause(Arc<PauseHandle>);

impl Pause {
    /// A switch that is not set.
    pub fn new() -> Result<Pause> {
        // SAFETY: the output and the error are places.
        let handle = PauseHandle::make(|out, error| unsafe { sys::filestore_pause_create(out, error) })?;
        Ok(Pause(Arc::new(handle)))
    }

    /// While it is set no byte of these calls moves, and none of them begins.
    pub fn set(&self, paused: bool) {
        // SAFETY: the handle lives, and any thread may set it.
        unsafe { sys::filestore_pause_set(self.0.as_ptr(), paused.into()) }
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        // SAFETY: the handle lives.
        unsafe { sys::filestore_pause_is_set(self.0.as_ptr()) != 0 }
    }

    pub(crate) fn as_ptr(&self) -> *const sys::filestore_pause {
        self.0.as_ptr()
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "Pause({})", self.is_set())
    }
}
