//! URLs by which anybody can use a file for a while.

use crate::ffi::{check, handle, text, Buffer, OptionalText};
use crate::limits::{limit_setters, Limits};
use crate::{FileId, Result, Service};
use filestore_sys as sys;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

handle!(PresignHandle, filestore_presign_options, filestore_presign_options_destroy);

// SAFETY: as of RawUploadOptions.
unsafe impl Send for PresignHandle {}

/// What a URL allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// To read the file.
    Get,
    /// To store it.
    Put,
    /// To ask what is known of it.
    Head,
    /// To remove it.
    Remove,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Get => "get",
            Method::Put => "put",
            Method::Head => "head",
            Method::Remove => "remove",
        }
    }
}

/// What a URL is to be like. A value.
#[derive(Clone, Debug, Default)]
pub struct PresignOptions {
    method: Option<Method>,
    expires_in: Option<Duration>,
    exact_expiry: bool,
    disposition: Option<String>,
    content_type: Option<String>,
    pub(crate) limits: Limits,
}

impl PresignOptions {
    /// To read the file, for an hour.
    pub fn new() -> PresignOptions {
        PresignOptions::default()
    }

    /// What it allows.
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// How long it lasts: 1 second to 7 days.
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// A URL that would end before that, with the credentials, is refused.
    pub fn exact_expiry(mut self) -> Self {
        self.exact_expiry = true;
        self
    }

    /// The header Content-Disposition of what it is answered with.
    pub fn disposition(mut self, value: impl Into<String>) -> Self {
        self.disposition = Some(value.into());
        self
    }

    /// The header Content-Type of what it is answered with.
    pub fn content_type(mut self, value: impl Into<String>) -> Self {
        self.content_type = Some(value.into());
        self
    }

    limit_setters!();

    pub(crate) fn raw(&self) -> Result<PresignHandle> {
        // SAFETY: the output and the error are places.
        let handle = PresignHandle::make(|out, error| unsafe { sys::filestore_presign_options_create(out, error) })?;
        let options = handle.as_ptr();
        let disposition = OptionalText::new(self.disposition.as_deref())?;
        let content_type = OptionalText::new(self.content_type.as_deref())?;
        // SAFETY: the handle and the arguments live, and nobody else has the handle.
        unsafe {
            if let Some(method) = self.method {
                let name = text(method.name())?;
                check(|e| sys::filestore_presign_options_set_method(options, name.as_ptr(), e))?;
            }
            if let Some(time) = self.expires_in {
                check(|e| sys::filestore_presign_options_set_expires_in(options, time.as_secs(), e))?;
            }
            check(|e| sys::filestore_presign_options_set_exact_expiry(options, self.exact_expiry.into(), e))?;
            check(|e| sys::filestore_presign_options_set_disposition(options, disposition.as_ptr(), e))?;
            check(|e| sys::filestore_presign_options_set_content_type(options, content_type.as_ptr(), e))?;
            self.limits.set(
                options,
                sys::filestore_presign_options_set_timeout_ms,
                sys::filestore_presign_options_set_cancel,
            )?;
        }
        Ok(handle)
    }
}

/// A URL, and when it ends.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedUrl {
    /// Whoever has it may use it: it is a secret.
    pub url: String,
    /// Perhaps earlier than was asked for.
    pub expires_at: SystemTime,
}

impl std::fmt::Debug for SignedUrl {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.debug_struct("SignedUrl").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A time of the library: microseconds since 1970.
pub(crate) fn time_of(microseconds: i64) -> SystemTime {
    let distance = Duration::from_micros(microseconds.unsigned_abs());
    if microseconds < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

pub(crate) fn microseconds_of(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |distance| -distance),
    }
}

impl SignedUrl {
    pub(crate) fn made_by(
        call: impl FnOnce(*mut *mut sys::filestore_buffer, *mut i64, *mut *mut sys::filestore_error) -> i32,
    ) -> Result<SignedUrl> {
        let mut expires_at = 0;
        let url = Buffer::make(|out, error| call(out, &mut expires_at, error))?.into_text()?;
        Ok(SignedUrl { url, expires_at: time_of(expires_at) })
    }
}

impl Service {
    /// Makes a URL for a file. Whether it is there is not looked at.
    pub fn presign(&self, id: &FileId, options: &PresignOptions) -> Result<SignedUrl> {
        let options = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        SignedUrl::made_by(|out, expires_at, error| unsafe {
            sys::filestore_presign(self.as_ptr(), id.as_ptr(), options.as_ptr(), out, expires_at, error)
        })
    }
}

/// For the server that answers the URLs of a local store: the file that `url` allows `method` on at the time `now`. `url_key` is the option.
pub fn check_signed_url(url: &str, method: Method, url_key: &str, now: SystemTime) -> Result<FileId> {
    let (url, method, url_key) = (text(url)?, text(method.name())?, text(url_key)?);
    // SAFETY: all arguments live as long as the call.
    FileId::written_by(|id, error| unsafe {
        let now = microseconds_of(now);
        sys::filestore_check_signed_url(url.as_ptr(), method.as_ptr(), url_key.as_ptr(), now, id, error)
    })
}
