//! What calls besides uploads and downloads can be told.

use crate::ffi::{check, handle, OptionalText};
use crate::limits::{limit_setters, Limits};
use crate::Result;
use filestore_sys as sys;
use std::time::Duration;

handle!(RawCallOptions, filestore_call_options, filestore_call_options_destroy);

// SAFETY: as of RawUploadOptions.
unsafe impl Send for RawCallOptions {}

/// What a call can be told that is neither an upload nor a download. A value.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    pub(crate) limits: Limits,
    pub(crate) if_version: Option<String>,
    pub(crate) accept_missing: bool,
    pub(crate) uploads_older_than: Option<Duration>,
    pub(crate) count_versions: bool,
    pub(crate) forget_damaged: bool,
}

/// A limit in milliseconds, where 0 is none: one that is shorter than that is still one.
pub(crate) fn milliseconds(timeout: Option<Duration>) -> u64 {
    timeout.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1))
}

impl CallOptions {
    /// No limit, no token.
    pub fn new() -> CallOptions {
        CallOptions::default()
    }

    limit_setters!();

    /// Of deletions only: a file of another version stays, and the call fails with [`Code::PreconditionFailed`](crate::Code::PreconditionFailed).
    pub fn if_version(mut self, version: impl Into<String>) -> Self {
        self.if_version = Some(version.into());
        self
    }

    pub(crate) fn raw(&self) -> Result<RawCallOptions> {
        // SAFETY: the output and the error are places.
        let raw = RawCallOptions::make(|out, error| unsafe { sys::filestore_call_options_create(out, error) })?;
        let options = raw.as_ptr();
        let version = OptionalText::new(self.if_version.as_deref())?;
        // SAFETY: the handle and the arguments live, and nobody else has the handle.
        unsafe {
            self.limits.set(
                options,
                sys::filestore_call_options_set_timeout_ms,
                sys::filestore_call_options_set_cancel,
            )?;
            check(|e| sys::filestore_call_options_set_if_version(options, version.as_ptr(), e))?;
            check(|e| sys::filestore_call_options_set_accept_missing(options, self.accept_missing.into(), e))?;
            check(|e| sys::filestore_call_options_set_count_versions(options, self.count_versions.into(), e))?;
            check(|e| sys::filestore_call_options_set_forget_damaged(options, self.forget_damaged.into(), e))?;
            if let Some(age) = self.uploads_older_than {
                check(|e| sys::filestore_call_options_set_uploads_older_than(options, age.as_secs(), e))?;
            }
        }
        Ok(raw)
    }
}
