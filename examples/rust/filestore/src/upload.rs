//! Uploads: of paths, bytes and readers.

use crate::ffi::{check, handle, path_text, OptionalText};
use crate::limits::{limit_setters, pause_setter, progress_setter, set_pause, set_progress, Limits};
use crate::streams::{self, Progress, Stream};
use crate::{Error, FileId, Pause, Result, Service};
use filestore_sys as sys;
use std::fmt;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

handle!(UploadHandle, filestore_upload_options, filestore_upload_options_destroy);

/// The options as C has them, and who hears of progress.
pub(crate) struct RawUploadOptions {
    handle: UploadHandle,
    _progress: Option<Arc<Progress>>,
}

// SAFETY: convention 9 of filestore.h: any thread may use options while no other sets them, and nobody has these but one call.
unsafe impl Send for RawUploadOptions {}

impl RawUploadOptions {
    pub(crate) fn as_ptr(&self) -> *const sys::filestore_upload_options {
        self.handle.as_ptr()
    }
}

#[derive(Clone)]
enum MetadataStep {
    Pair(String, Option<String>),
    Json(String),
}

/// What an upload can be told. A value; one may serve many uploads, also at once.
///
/// ```
/// use filestore::UploadOptions;
/// let options = UploadOptions::new().path("report.pdf").content_type("application/pdf").metadata("owner", "ada");
/// ```
#[derive(Clone, Default)]
pub struct UploadOptions {
    path: Option<String>,
    content_type: Option<String>,
    metadata: Vec<MetadataStep>,
    pub(crate) size: Option<u64>,
    create_only: bool,
    if_version: Option<String>,
    pub(crate) limits: Limits,
    pause: Option<Pause>,
    progress: Option<Arc<Progress>>,
}

impl fmt::Debug for UploadOptions {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.debug_struct("UploadOptions")
            .field("path", &self.path)
            .field("content_type", &self.content_type)
            .field("size", &self.size)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl UploadOptions {
    /// No name, no metadata, no limit.
    pub fn new() -> UploadOptions {
        UploadOptions::default()
    }

    /// The name that the file has for its owner; it is recorded, never used as a path.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Its content type.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets the metadata of one key to a text.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push(MetadataStep::Pair(key.into(), Some(value.into())));
        self
    }

    /// Takes the metadata of one key away.
    pub fn without_metadata(mut self, key: impl Into<String>) -> Self {
        self.metadata.push(MetadataStep::Pair(key.into(), None));
        self
    }

    /// Replaces all metadata by a JSON object.
    pub fn metadata_json(mut self, json: impl Into<String>) -> Self {
        self.metadata.push(MetadataStep::Json(json.into()));
        self
    }

    /// Of readers: how many bytes they will give. An upload of another number fails with
    /// [`Code::SourceFailed`](crate::Code::SourceFailed).
    pub fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    /// Of uploads to a [`Backend`](crate::Backend): fail with [`Code::AlreadyExists`](crate::Code::AlreadyExists) where the ID is in use.
    pub fn create_only(mut self) -> Self {
        self.create_only = true;
        self
    }

    /// Of uploads to a [`Backend`](crate::Backend): replace the file only as long as it is of this version, else fail with
    /// [`Code::PreconditionFailed`](crate::Code::PreconditionFailed).
    pub fn if_version(mut self, version: impl Into<String>) -> Self {
        self.if_version = Some(version.into());
        self
    }

    limit_setters!();

    pause_setter!();

    progress_setter!();

    pub(crate) fn c_size(&self) -> u64 {
        self.size.unwrap_or(sys::FILESTORE_UNKNOWN_SIZE)
    }

    pub(crate) fn raw(&self) -> Result<RawUploadOptions> {
        // SAFETY: the output and the error are places.
        let handle = UploadHandle::make(|out, error| unsafe { sys::filestore_upload_options_create(out, error) })?;
        let options = handle.as_ptr();
        let path = OptionalText::new(self.path.as_deref())?;
        let content_type = OptionalText::new(self.content_type.as_deref())?;
        let version = OptionalText::new(self.if_version.as_deref())?;
        // SAFETY: the handle and the arguments live, and nobody else has the handle.
        unsafe {
            check(|e| sys::filestore_upload_options_set_path(options, path.as_ptr(), e))?;
            check(|e| sys::filestore_upload_options_set_content_type(options, content_type.as_ptr(), e))?;
            check(|e| sys::filestore_upload_options_set_create_only(options, self.create_only.into(), e))?;
            check(|e| sys::filestore_upload_options_set_if_version(options, version.as_ptr(), e))?;
            self.limits.set(
                options,
                sys::filestore_upload_options_set_timeout_ms,
                sys::filestore_upload_options_set_cancel,
            )?;
            set_pause(options, &self.pause, sys::filestore_upload_options_set_pause)?;
            set_progress(options, &self.progress, sys::filestore_upload_options_set_progress)?;
        }
        for step in &self.metadata {
            set_metadata(options, step)?;
        }
        Ok(RawUploadOptions { handle, _progress: self.progress.clone() })
    }
}

fn set_metadata(options: *mut sys::filestore_upload_options, step: &MetadataStep) -> Result<()> {
    // SAFETY: the handle and the texts live.
    match step {
        MetadataStep::Pair(key, value) => {
            let (key, value) = (crate::ffi::text(key)?, OptionalText::new(value.as_deref())?);
            check(|e| unsafe { sys::filestore_upload_options_set_metadata(options, key.as_ptr(), value.as_ptr(), e) })
        }
        MetadataStep::Json(json) => {
            let json = crate::ffi::text(json)?;
            check(|e| unsafe { sys::filestore_upload_options_set_metadata_json(options, json.as_ptr(), e) })
        }
    }
}

impl Service {
    /// Stores the file at `path`. It is there whole, with its record, or not at all.
    pub fn upload_path(&self, path: impl AsRef<Path>, options: &UploadOptions) -> Result<FileId> {
        let (path, options) = (path_text(path.as_ref())?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        FileId::written_by(|id, error| unsafe {
            sys::filestore_upload_path(self.as_ptr(), path.as_ptr(), options.as_ptr(), id, error)
        })
    }

    /// Stores bytes.
    pub fn upload_bytes(&self, bytes: impl AsRef<[u8]>, options: &UploadOptions) -> Result<FileId> {
        let (bytes, options) = (bytes.as_ref(), options.raw()?);
        // SAFETY: all arguments live as long as the call.
        FileId::written_by(|id, error| unsafe {
            sys::filestore_upload_buffer(self.as_ptr(), bytes.as_ptr().cast(), bytes.len(), options.as_ptr(), id, error)
        })
    }

    /// Stores what a reader gives, from where it is on. It is read once only, so some stores keep the bytes in a file meanwhile, and
    /// requests that fail cannot be repeated: see [`Service::upload_seekable`]. It is read on any one thread at a time.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = filestore::doc_directory();
    /// # let service = filestore::Service::open(&filestore::Options::local(&directory)?)?;
    /// let pipe: &[u8] = b"what comes by a pipe";
    /// let id = service.upload(pipe, &filestore::UploadOptions::new().path("note.txt"))?;
    /// assert_eq!(service.download_bytes(&id, &Default::default())?, pipe);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload<R: Read + Send>(&self, reader: R, options: &UploadOptions) -> Result<FileId> {
        self.upload_stream(Stream::new(reader), None, options)
    }

    /// The same of a reader that can go back to where it is now, and is sent again where a request fails.
    pub fn upload_seekable<R: Read + Seek + Send>(&self, reader: R, options: &UploadOptions) -> Result<FileId> {
        let stream = Stream::seekable(reader).map_err(crate::download::source_failed)?;
        self.upload_stream(stream, Some(streams::rewind::<R>), options)
    }

    fn upload_stream<R: Read + Send>(
        &self,
        mut stream: Stream<R>,
        rewind: sys::filestore_rewind_function,
        options: &UploadOptions,
    ) -> Result<FileId> {
        let (raw, size, context) = (options.raw()?, options.c_size(), stream.as_context());
        // SAFETY: all arguments live as long as the call, and the callbacks get the stream that they are for.
        let result = FileId::written_by(|id, error| unsafe {
            let read = Some(streams::read::<R> as _);
            sys::filestore_upload_callback(self.as_ptr(), read, rewind, context, size, raw.as_ptr(), id, error)
        });
        result.map_err(|error: Error| error.because(stream.failure.take()))
    }

    /// Fails with [`Code::Rejected`](crate::Code::Rejected) where the rules refuse a file before there is a byte of it.
    pub fn check_upload(&self, path: Option<&str>, content_type: Option<&str>, size: Option<u64>) -> Result<()> {
        let (path, content_type) = (OptionalText::new(path)?, OptionalText::new(content_type)?);
        let size = size.unwrap_or(sys::FILESTORE_UNKNOWN_SIZE);
        // SAFETY: all arguments live as long as the call.
        check(|e| unsafe { sys::filestore_check_upload(self.as_ptr(), path.as_ptr(), content_type.as_ptr(), size, e) })
    }
}
