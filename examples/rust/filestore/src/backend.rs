//! Backends: the stores below services.

use crate::ffi::{check, end_outside_of_callbacks, handle, path_text, text, text_of, utf8, Buffer, OptionalText};
use crate::options::Kept;
use crate::streams::{self, Stream};
use crate::{
    CallOptions, DownloadOptions, Error, FileId, FileInfo, ListPage, Options, PresignOptions, Result, Service,
    SignedUrl, UploadOptions,
};
use filestore_sys as sys;
use std::any::Any;
use std::fmt;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

handle!(BackendHandle, filestore_backend, filestore_backend_close);

// SAFETY: convention 9 of filestore.h: a backend may be used by any number of threads at once.
unsafe impl Send for BackendHandle {}
unsafe impl Sync for BackendHandle {}

/// The handle goes before what its callbacks use.
struct Opened {
    handle: BackendHandle,
    kept: Arc<Kept>,
}

struct Inner(Option<Opened>);

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(opened) = self.0.take() {
            end_outside_of_callbacks(opened);
        }
    }
}

/// Stores files under IDs of the caller's, replaces them, and compares versions; nothing is recorded. A resource; thread-safe. Clones are the
/// same backend.
///
/// ```
/// use filestore::{Backend, Code, FileId, Options, UploadOptions};
/// # fn main() -> filestore::Result<()> {
/// # let directory = filestore::doc_directory();
/// let backend = Backend::open(&Options::local(&directory)?)?;
/// let id = FileId::generate()?;
/// backend.upload_bytes(&id, b"first", &UploadOptions::new().create_only())?;
/// let (_, version) = backend.metadata(&id, &Default::default())?;
/// backend.upload_bytes(&id, b"second", &UploadOptions::new().if_version(&version))?;
/// let error = backend.upload_bytes(&id, b"third", &UploadOptions::new().if_version(&version)).unwrap_err();
/// assert_eq!(error.code(), Code::PreconditionFailed);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Backend(Arc<Inner>);

impl fmt::Debug for Backend {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "Backend({})", self.name())
    }
}

/// What a backend may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// It tells versions, and uploads look at them.
    CompareAndSwap,
    /// Deletions are known to look at versions.
    CompareAndDelete,
    /// It makes URLs.
    Presign,
    /// A deletion can tell whether the file was there.
    RemoveTellsExistence,
    /// Uploads that never ended may leave something.
    LeavesUploads,
    /// An upload that failed without the storage's answer may be carried out some time after.
    MayStoreLate,
}

impl Ability {
    fn name(self) -> &'static str {
        match self {
            Ability::CompareAndSwap => "compare_and_swap",
            Ability::CompareAndDelete => "compare_and_delete",
            Ability::Presign => "presign",
            Ability::RemoveTellsExistence => "remove_tells_existence",
            Ability::LeavesUploads => "leaves_uploads",
            Ability::MayStoreLate => "may_store_late",
        }
    }
}

impl Backend {
    /// Opens the store that a service with these options would have.
    pub fn open(options: &Options) -> Result<Backend> {
        // SAFETY: the options live as long as the call, and their callbacks as long as the backend.
        Backend::made_by(options.kept(), |out, error| unsafe {
            sys::filestore_backend_open(options.as_ptr(), out, error)
        })
    }

    /// The backend of a service. Once the service is closed its calls fail with [`Code::Cancelled`](crate::Code::Cancelled).
    pub fn of(service: &Service) -> Result<Backend> {
        // SAFETY: the service lives as long as the call.
        Backend::made_by(service.kept(), |out, error| unsafe {
            sys::filestore_backend_of(service.as_ptr(), out, error)
        })
    }

    pub(crate) fn made_by(
        kept: Kept,
        call: impl FnOnce(*mut *mut sys::filestore_backend, *mut *mut sys::filestore_error) -> i32,
    ) -> Result<Backend> {
        Ok(Backend(Arc::new(Inner(Some(Opened { handle: BackendHandle::make(call)?, kept: Arc::new(kept) })))))
    }

    fn opened(&self) -> &Opened {
        self.0 .0.as_ref().expect("a backend is open until it is dropped")
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::filestore_backend {
        self.opened().handle.as_ptr()
    }

    pub(crate) fn kept(&self) -> Arc<dyn Any + Send + Sync> {
        self.opened().kept.clone()
    }

    /// "local", "s3", or the name of a backend of the program's own.
    pub fn name(&self) -> String {
        // SAFETY: the text lives as long as the backend.
        unsafe { text_of(sys::filestore_backend_name(self.as_ptr())) }
    }

    /// Whether it has an ability.
    pub fn can(&self, ability: Ability) -> bool {
        let name = text(ability.name()).expect("names have no NUL");
        // SAFETY: the backend and the text live.
        unsafe { sys::filestore_backend_can(self.as_ptr(), name.as_ptr()) != 0 }
    }

    /// Stores the file at `path`, in place of one that is there.
    pub fn upload_path(&self, id: &FileId, path: impl AsRef<Path>, options: &UploadOptions) -> Result<()> {
        let (path, options) = (path_text(path.as_ref())?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_backend_upload_path(self.as_ptr(), id.as_ptr(), path.as_ptr(), options.as_ptr(), error)
        })
    }

    /// The same with bytes.
    pub fn upload_bytes(&self, id: &FileId, bytes: impl AsRef<[u8]>, options: &UploadOptions) -> Result<()> {
        let (bytes, options) = (bytes.as_ref(), options.raw()?);
        let (data, size) = (bytes.as_ptr().cast(), bytes.len());
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_backend_upload_buffer(self.as_ptr(), id.as_ptr(), data, size, options.as_ptr(), error)
        })
    }

    /// The same with what a reader gives.
    pub fn upload<R: Read + Send>(&self, id: &FileId, reader: R, options: &UploadOptions) -> Result<()> {
        self.upload_stream(id, Stream::new(reader), None, options)
    }

    /// The same of a reader that can go back to where it is now.
    pub fn upload_seekable<R: Read + Seek + Send>(
        &self,
        id: &FileId,
        reader: R,
        options: &UploadOptions,
    ) -> Result<()> {
        let stream = Stream::seekable(reader).map_err(crate::download::source_failed)?;
        self.upload_stream(id, stream, Some(streams::rewind::<R>), options)
    }

    fn upload_stream<R: Read + Send>(
        &self,
        id: &FileId,
        mut stream: Stream<R>,
        rewind: sys::filestore_rewind_function,
        options: &UploadOptions,
    ) -> Result<()> {
        let (raw, size, context, id) = (options.raw()?, options.c_size(), stream.as_context(), id.as_ptr());
        // SAFETY: all arguments live as long as the call, and the callbacks get the stream that they are for.
        let result = check(|error| unsafe {
            let read = Some(streams::read::<R> as _);
            sys::filestore_backend_upload_callback(self.as_ptr(), id, read, rewind, context, size, raw.as_ptr(), error)
        });
        result.map_err(|error: Error| error.because(stream.failure.take()))
    }

    /// As [`Service::download_path`].
    pub fn download_path(&self, id: &FileId, path: impl AsRef<Path>, options: &DownloadOptions) -> Result<()> {
        let (path, raw) = (path_text(path.as_ref())?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        let result = check(|error| unsafe {
            sys::filestore_backend_download_path(self.as_ptr(), id.as_ptr(), path.as_ptr(), raw.as_ptr(), error)
        });
        raw.explain(result, None)
    }

    /// As [`Service::download_bytes`].
    pub fn download_bytes(&self, id: &FileId, options: &DownloadOptions) -> Result<Vec<u8>> {
        let raw = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        let buffer = Buffer::make(|out, error| unsafe {
            sys::filestore_backend_download_buffer(self.as_ptr(), id.as_ptr(), raw.as_ptr(), out, error)
        });
        Ok(raw.explain(buffer, None)?.bytes().to_vec())
    }

    /// As [`Service::download`].
    pub fn download<W: Write + Send>(&self, id: &FileId, writer: W, options: &DownloadOptions) -> Result<()> {
        let (raw, mut stream) = (options.raw()?, Stream::new(writer));
        let context = stream.as_context();
        // SAFETY: all arguments live as long as the call, and the callback gets the stream that it is for.
        let result = check(|error| unsafe {
            let write = Some(streams::write::<W> as _);
            sys::filestore_backend_download_callback(self.as_ptr(), id.as_ptr(), write, context, raw.as_ptr(), error)
        });
        raw.explain(result, stream.failure.take())
    }

    /// Removes a file; whether it was there, or true where the backend cannot tell.
    pub fn delete(&self, id: &FileId, options: &CallOptions) -> Result<bool> {
        let (options, mut deleted) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_backend_delete(self.as_ptr(), id.as_ptr(), options.as_ptr(), &mut deleted, error)
        })?;
        Ok(deleted != 0)
    }

    /// As [`Service::exists`].
    pub fn exists(&self, id: &FileId, options: &CallOptions) -> Result<bool> {
        let (options, mut exists) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_backend_exists(self.as_ptr(), id.as_ptr(), options.as_ptr(), &mut exists, error)
        })?;
        Ok(exists != 0)
    }

    /// As [`Service::metadata`], and the version for conditions; empty where the backend has none.
    pub fn metadata(&self, id: &FileId, options: &CallOptions) -> Result<(FileInfo, String)> {
        let (options, mut version) = (options.raw()?, ptr::null_mut());
        // SAFETY: all arguments live as long as the call.
        let json = Buffer::make(|out, error| unsafe {
            sys::filestore_backend_metadata(self.as_ptr(), id.as_ptr(), options.as_ptr(), out, &mut version, error)
        })?;
        // SAFETY: the call has succeeded, so it has made this buffer, too.
        let version = Buffer::make(|out, _| unsafe {
            *out = version;
            sys::FILESTORE_OK
        })?;
        Ok((FileInfo::parse(&utf8(json.bytes())?)?, version.into_text()?))
    }

    /// As [`Service::list_page`].
    pub fn list_page(&self, cursor: Option<&str>, limit: u32, options: &CallOptions) -> Result<ListPage> {
        let (cursor, options) = (OptionalText::new(cursor)?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        ListPage::made_by(|out, error| unsafe {
            sys::filestore_backend_list(self.as_ptr(), cursor.as_ptr(), limit, options.as_ptr(), out, error)
        })
    }

    /// As [`Service::presign`].
    pub fn presign(&self, id: &FileId, options: &PresignOptions) -> Result<SignedUrl> {
        let options = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        SignedUrl::made_by(|out, expires_at, error| unsafe {
            sys::filestore_backend_presign(self.as_ptr(), id.as_ptr(), options.as_ptr(), out, expires_at, error)
        })
    }
}
