//! Downloads: to paths, memory and writers.

use crate::ffi::{check, handle, path_text, run_callback, text_of, Buffer, FAILED};
use crate::limits::{limit_setters, pause_setter, progress_setter, set_pause, set_progress, Limits};
use crate::streams::{self, context_of, Progress, Stream};
use crate::{Code, Error, FileId, FileInfo, Pause, Result, Service, Told};
use filestore_sys as sys;
use std::fmt;
use std::io::{self, Write};
use std::os::raw::{c_char, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

handle!(DownloadHandle, filestore_download_options, filestore_download_options_destroy);

type Cause = Box<dyn std::error::Error + Send + Sync>;
type Info = dyn Fn(FileInfo) -> Told + Send + Sync;

/// Who hears of the file of one download, and what that failed with.
struct InfoCall {
    hear: Arc<Info>,
    failure: Mutex<Option<Cause>>,
}

unsafe extern "C" fn hear_info(context: *mut c_void, json: *const c_char) -> i32 {
    let this = &*context.cast::<InfoCall>();
    let cause = match run_callback(|| {
        FileInfo::parse(&text_of(json)).map_err(Cause::from).and_then(|info| (this.hear)(info))
    }) {
        Ok(Ok(())) => return 0,
        Ok(Err(cause)) => cause,
        Err(panic) => panic.into(),
    };
    *this.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
    FAILED
}

pub(crate) struct RawDownloadOptions {
    handle: DownloadHandle,
    _progress: Option<Arc<Progress>>,
    info: Option<Arc<InfoCall>>,
}

// SAFETY: as of RawUploadOptions.
unsafe impl Send for RawDownloadOptions {}

impl RawDownloadOptions {
    pub(crate) fn as_ptr(&self) -> *const sys::filestore_download_options {
        self.handle.as_ptr()
    }

    /// Adds what a callback failed with.
    pub(crate) fn explain<T>(&self, result: Result<T>, of_the_stream: Option<Cause>) -> Result<T> {
        let of_the_info = || self.info.as_ref()?.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.map_err(|error| error.because(of_the_stream.or_else(of_the_info)))
    }
}

/// What a download can be told. A value; one may serve many downloads, also at once.
#[derive(Clone, Default)]
pub struct DownloadOptions {
    range: Option<(u64, Option<u64>)>,
    pub(crate) limits: Limits,
    pause: Option<Pause>,
    progress: Option<Arc<Progress>>,
    info: Option<Arc<Info>>,
}

impl fmt::Debug for DownloadOptions {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.debug_struct("DownloadOptions")
            .field("range", &self.range)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl DownloadOptions {
    /// The whole file, without a limit.
    pub fn new() -> DownloadOptions {
        DownloadOptions::default()
    }

    /// `length` bytes from `offset` on, or all from there. A range that reaches past the end is cut; one that starts there fails with
    /// [`Code::RangeNotSatisfiable`](crate::Code::RangeNotSatisfiable).
    pub fn range(mut self, offset: u64, length: impl Into<Option<u64>>) -> Self {
        self.range = Some((offset, length.into()));
        self
    }

    limit_setters!();

    pause_setter!();

    progress_setter!();

    /// Sets who hears of the file before its first byte, once for each download; an error ends it.
    pub fn info(mut self, info: impl Fn(FileInfo) -> Told + Send + Sync + 'static) -> Self {
        self.info = Some(Arc::new(info));
        self
    }

    pub(crate) fn raw(&self) -> Result<RawDownloadOptions> {
        // SAFETY: the output and the error are places.
        let handle = DownloadHandle::make(|out, error| unsafe { sys::filestore_download_options_create(out, error) })?;
        let options = handle.as_ptr();
        let info = self.info.clone().map(|hear| Arc::new(InfoCall { hear, failure: Mutex::new(None) }));
        // SAFETY: the handle and the arguments live, and nobody else has the handle.
        unsafe {
            if let Some((offset, length)) = self.range {
                let length = length.unwrap_or(sys::FILESTORE_UNKNOWN_SIZE);
                check(|e| sys::filestore_download_options_set_range(options, offset, length, e))?;
            }
            self.limits.set(
                options,
                sys::filestore_download_options_set_timeout_ms,
                sys::filestore_download_options_set_cancel,
            )?;
            set_pause(options, &self.pause, sys::filestore_download_options_set_pause)?;
            set_progress(options, &self.progress, sys::filestore_download_options_set_progress)?;
        }
        if let Some(info) = &info {
            let context = context_of(info);
            // SAFETY: as above.
            check(|e| unsafe { sys::filestore_download_options_set_info(options, Some(hear_info), context, e) })?;
        }
        Ok(RawDownloadOptions { handle, _progress: self.progress.clone(), info })
    }
}

pub(crate) fn source_failed(error: io::Error) -> Error {
    Error::new(Code::SourceFailed, "the caller's reader cannot tell where it is").because(Some(error.into()))
}

impl Service {
    /// Writes a file to `path`, which is the whole download or what it was before.
    pub fn download_path(&self, id: &FileId, path: impl AsRef<Path>, options: &DownloadOptions) -> Result<()> {
        let (path, raw) = (path_text(path.as_ref())?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        let result = check(|error| unsafe {
            sys::filestore_download_path(self.as_ptr(), id.as_ptr(), path.as_ptr(), raw.as_ptr(), error)
        });
        raw.explain(result, None)
    }

    /// Reads a file, or a range of it, into memory.
    pub fn download_bytes(&self, id: &FileId, options: &DownloadOptions) -> Result<Vec<u8>> {
        let raw = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        let buffer = Buffer::make(|out, error| unsafe {
            sys::filestore_download_buffer(self.as_ptr(), id.as_ptr(), raw.as_ptr(), out, error)
        });
        Ok(raw.explain(buffer, None)?.bytes().to_vec())
    }

    /// Reads a file, or a range of it, into memory of the caller's; the number of bytes. [`Code::SinkFailed`] where there are more than fit.
    pub fn download_into(&self, id: &FileId, memory: &mut [u8], options: &DownloadOptions) -> Result<usize> {
        let (raw, mut length) = (options.raw()?, 0);
        let (data, capacity) = (memory.as_mut_ptr().cast(), memory.len());
        // SAFETY: all arguments live as long as the call.
        let result = check(|error| unsafe {
            sys::filestore_download_into(self.as_ptr(), id.as_ptr(), data, capacity, raw.as_ptr(), &mut length, error)
        });
        raw.explain(result, None).map(|_| length)
    }

    /// Hands the bytes of a file to a writer, on any one thread at a time. After a failure it may have had a part.
    pub fn download<W: Write + Send>(&self, id: &FileId, writer: W, options: &DownloadOptions) -> Result<()> {
        let (raw, mut stream) = (options.raw()?, Stream::new(writer));
        let context = stream.as_context();
        // SAFETY: all arguments live as long as the call, and the callback gets the stream that it is for.
        let result = check(|error| unsafe {
            let write = Some(streams::write::<W> as _);
            sys::filestore_download_callback(self.as_ptr(), id.as_ptr(), write, context, raw.as_ptr(), error)
        });
        raw.explain(result, stream.failure.take())
    }
}
