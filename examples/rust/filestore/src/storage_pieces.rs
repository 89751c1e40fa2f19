//! Uploads that come piece by piece, in backends of the program's own.

use crate::ffi::{check, text, OptionalText};
use crate::presign::microseconds_of;
use crate::storage::{answer, Request, StorageBackend};
use crate::{Code, Error, FileId, Result};
use filestore_sys as sys;
use std::os::raw::c_void;
use std::slice;
use std::time::{Duration, SystemTime};

/// What is there of an upload that comes piece by piece. A value.
#[derive(Clone, Debug)]
pub struct PartialUpload {
    /// How many bytes.
    pub offset: u64,
    /// Of how many, where that is known.
    pub length: Option<u64>,
    /// When it is given up. One whose time is over may be told of, and is taken for given up.
    pub expires_at: SystemTime,
    /// The name that it was begun with.
    pub path: String,
    /// Its content type.
    pub content_type: String,
    /// A JSON object.
    pub metadata: String,
}

/// Bytes on their way to an upload.
pub trait Append: Send {
    /// Takes the next bytes, all of them.
    fn append(&mut self, request: &Request, bytes: &[u8]) -> Result<()>;

    /// Where `keep` is true the bytes count, once they are kept as those of a stored file are; else, or where it fails, none of them does. It is called once, also where the call was cancelled.
    fn end(self: Box<Self>, request: &Request, keep: bool) -> Result<()>;
}

/// What keeps uploads that come piece by piece: [`StorageBackend::pieces`]. What was told to be there outlives the process, as far as a stored file does. `R` reads files and uploads.
pub trait PieceStore<R>: Send + Sync {
    /// Begins an empty upload under the ID that its file will have; [`Code::AlreadyExists`]. It stays until [`Request::lifetime`] has passed without a new byte.
    fn begin(&self, request: &Request) -> Result<()>;

    /// Tells of an upload; [`Code::NotFound`].
    fn describe(&self, request: &Request) -> Result<PartialUpload>;

    /// Begins to add bytes: [`Code::PreconditionFailed`] where there are not [`Request::offset`] bytes, [`Code::Conflict`] where another append is under way or the upload is being read. [`Request::size`] is
    /// its length from now on, where that is known.
    fn open_append(&self, request: &Request) -> Result<Box<dyn Append>>;

    /// Opens the bytes of an upload, as [`StorageBackend::open_reader`] does those of a file. No byte may come meanwhile.
    fn open(&self, request: &Request) -> Result<(R, u64)>;

    /// Removes an upload with its bytes; whether it was there. The file that was made of it stays.
    fn end(&self, request: &Request) -> Result<bool>;

    /// Removes every upload whose time is over, and tells which.
    fn expire(&self, request: &Request) -> Result<Vec<FileId>>;
}

impl Request<'_> {
    /// Of appends: where the bytes go.
    pub fn offset(&self) -> u64 {
        // SAFETY: the call is at work, as in all that follows.
        unsafe { sys::filestore_backend_call_offset(self.as_ptr()) }
    }

    /// Of appends: whether of bytes that do not all arrive none may count, also of a process that ends meanwhile.
    pub fn all_or_nothing(&self) -> bool {
        unsafe { sys::filestore_backend_call_all_or_nothing(self.as_ptr()) != 0 }
    }

    /// Of uploads that begin: how long they stay without a new byte.
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(unsafe { sys::filestore_backend_call_lifetime(self.as_ptr()) })
    }
}

/// The functions of a table, of a backend that has pieces.
pub(crate) fn add_to<B: StorageBackend>(table: &mut sys::filestore_backend_table) {
    table.begin_upload = Some(begin_upload::<B>);
    table.describe_upload = Some(describe_upload::<B>);
    table.open_append = Some(open_append::<B>);
    table.append = Some(append::<B>);
    table.end_append = Some(end_append::<B>);
    table.open_upload = Some(open_upload::<B>);
    table.end_upload = Some(end_upload::<B>);
    table.expire_uploads = Some(expire_uploads::<B>);
}

fn pieces<B: StorageBackend>(backend: &B) -> Result<&dyn PieceStore<B::Reader>> {
    backend.pieces().ok_or_else(|| Error::new(Code::Unsupported, "this backend keeps no uploads piece by piece"))
}

/// # Safety
/// As of answer().
pub(crate) unsafe fn tell_ids(call: *mut sys::filestore_backend_call, ids: &[FileId]) -> Result<()> {
    ids.iter().try_for_each(|id| check(|e| sys::filestore_backend_call_add_id(call, id.as_ptr(), e)))
}

unsafe extern "C" fn begin_upload<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
) -> i32 {
    answer(context, call, |backend: &B, request| pieces(backend)?.begin(request), Ok)
}

unsafe extern "C" fn describe_upload<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
) -> i32 {
    answer(
        context,
        call,
        |backend: &B, request| pieces(backend)?.describe(request),
        |upload| {
            let (path, content_type) = (text(&upload.path)?, text(&upload.content_type)?);
            let metadata = OptionalText::new(Some(&*upload.metadata).filter(|json| !json.is_empty()))?;
            let length = upload.length.unwrap_or(sys::FILESTORE_UNKNOWN_SIZE);
            check(|error| {
                sys::filestore_backend_call_set_upload(
                    call,
                    upload.offset,
                    length,
                    microseconds_of(upload.expires_at),
                    path.as_ptr(),
                    content_type.as_ptr(),
                    metadata.as_ptr(),
                    error,
                )
            })
        },
    )
}

unsafe extern "C" fn open_append<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    place: *mut *mut c_void,
) -> i32 {
    answer(
        context,
        call,
        |backend: &B, request| pieces(backend)?.open_append(request),
        |opened| {
            *place = Box::into_raw(Box::new(opened)).cast();
            Ok(())
        },
    )
}

unsafe extern "C" fn append<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    opened: *mut c_void,
    data: *const c_void,
    size: usize,
) -> i32 {
    let bytes: &[u8] = if size == 0 { &[] } else { slice::from_raw_parts(data.cast(), size) };
    let opened = &mut *opened.cast::<Box<dyn Append>>();
    answer(context, call, |_: &B, request| opened.append(request, bytes), Ok)
}

unsafe extern "C" fn end_append<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    opened: *mut c_void,
    keep: i32,
) -> i32 {
    let opened = *Box::from_raw(opened.cast::<Box<dyn Append>>());
    answer(context, call, |_: &B, request| opened.end(request, keep != 0), Ok)
}

unsafe extern "C" fn open_upload<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    reader: *mut *mut c_void,
    size: *mut u64,
) -> i32 {
    answer(
        context,
        call,
        |backend: &B, request| pieces(backend)?.open(request),
        |(opened, bytes)| {
            *reader = Box::into_raw(Box::new(opened)).cast();
            *size = bytes;
            Ok(())
        },
    )
}

unsafe extern "C" fn end_upload<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    ended: *mut i32,
) -> i32 {
    answer(
        context,
        call,
        |backend: &B, request| pieces(backend)?.end(request),
        |was_there| {
            *ended = was_there.into();
            Ok(())
        },
    )
}

unsafe extern "C" fn expire_uploads<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
) -> i32 {
    answer(context, call, |backend: &B, request| pieces(backend)?.expire(request), |ids| tell_ids(call, &ids))
}
