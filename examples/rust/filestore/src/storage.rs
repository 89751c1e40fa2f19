//! Backends of the program's own.

use crate::ffi::{check, run_callback, text, text_of, OptionalText};
use crate::presign::{microseconds_of, Method};
use crate::storage_pieces::{self, PieceStore};
use crate::storage_upkeep::{self, Upkeep};
use crate::{Backend, Code, Error, FileId, Options, Result, SignedUrl};
use filestore_sys as sys;
use std::marker::PhantomData;
use std::os::raw::c_void;
use std::slice;
use std::time::{Duration, SystemTime};

/// What a backend is asked: the ID and what goes with it. It lives as long as the call, on its thread.
pub struct Request<'a> {
    raw: *mut sys::filestore_backend_call,
    /// Of one call and its thread.
    _of_a_call: PhantomData<(&'a (), *mut ())>,
}

impl Request<'_> {
    pub(crate) fn as_ptr(&self) -> *mut sys::filestore_backend_call {
        self.raw
    }

    /// The ID of the file. Listings have none.
    pub fn id(&self) -> Result<FileId> {
        // SAFETY: the call is at work, as in all that follows.
        unsafe { FileId::read(sys::filestore_backend_call_id(self.raw)) }
    }

    /// Fails with [`Code::Cancelled`] or [`Code::Timeout`] once the call has to end: for what may wait for long.
    pub fn check(&self) -> Result<()> {
        match unsafe { sys::filestore_backend_call_state(self.raw) } {
            sys::FILESTORE_OK => Ok(()),
            code => Err(Error::new(Code::from_number(code), "the call has to end")),
        }
    }

    /// Of uploads: the name that the file has for its owner.
    pub fn path(&self) -> String {
        unsafe { text_of(sys::filestore_backend_call_path(self.raw)) }
    }

    /// Of uploads: the content type.
    pub fn content_type(&self) -> String {
        unsafe { text_of(sys::filestore_backend_call_content_type(self.raw)) }
    }

    /// Of uploads: the metadata, a JSON object.
    pub fn metadata(&self) -> String {
        unsafe { text_of(sys::filestore_backend_call_metadata(self.raw)) }
    }

    /// Of uploads: how many bytes will come, where that is known.
    pub fn size(&self) -> Option<u64> {
        let size = unsafe { sys::filestore_backend_call_size(self.raw) };
        Some(size).filter(|size| *size != sys::FILESTORE_UNKNOWN_SIZE)
    }

    /// Of uploads: whether no file may be there.
    pub fn create_only(&self) -> bool {
        unsafe { sys::filestore_backend_call_create_only(self.raw) != 0 }
    }

    /// Of uploads and deletions: the version that the file must have.
    pub fn if_version(&self) -> Option<String> {
        let version = unsafe { text_of(sys::filestore_backend_call_if_version(self.raw)) };
        Some(version).filter(|version| !version.is_empty())
    }

    /// Of listings: what [`Listing::next`] was on the page before; it may also be any text that a caller has made up.
    pub fn cursor(&self) -> String {
        unsafe { text_of(sys::filestore_backend_call_cursor(self.raw)) }
    }

    /// Of listings: the most files of the page.
    pub fn limit(&self) -> usize {
        unsafe { sys::filestore_backend_call_limit(self.raw) as usize }
    }

    /// Of URLs: what it is to allow.
    pub fn method(&self) -> Option<Method> {
        let name = unsafe { text_of(sys::filestore_backend_call_method(self.raw)) };
        [Method::Get, Method::Put, Method::Head, Method::Remove].into_iter().find(|method| method.name() == name)
    }

    /// Of URLs: whether one that would have to end earlier is to fail with [`Code::Unauthenticated`].
    pub fn exact_expiry(&self) -> bool {
        unsafe { sys::filestore_backend_call_exact_expiry(self.raw) != 0 }
    }

    /// Of URLs: the header Content-Disposition of the answer, where it is another one than was stored.
    pub fn answer_disposition(&self) -> Option<String> {
        let header = unsafe { text_of(sys::filestore_backend_call_answer_disposition(self.raw)) };
        Some(header).filter(|header| !header.is_empty())
    }

    /// Of URLs: the header Content-Type of the answer, where it is another one than was stored.
    pub fn answer_type(&self) -> Option<String> {
        let header = unsafe { text_of(sys::filestore_backend_call_answer_type(self.raw)) };
        Some(header).filter(|header| !header.is_empty())
    }

    /// Of URLs: how long it is to last.
    pub fn expires_in(&self) -> Duration {
        Duration::from_secs(unsafe { sys::filestore_backend_call_expires_in(self.raw) })
    }
}

/// What a backend knows of a file. A value.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its bytes.
    pub size: u64,
    /// When it was stored.
    pub last_modified: SystemTime,
    /// The name that it has for its owner.
    pub path: String,
    /// Its content type.
    pub content_type: String,
    /// A JSON object.
    pub metadata: String,
    /// Another one with each upload; nothing where the backend has no versions.
    pub version: Option<String>,
}

/// A page of a backend's files, in the order of their IDs.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// ID, bytes, and when it was stored.
    pub files: Vec<(FileId, u64, SystemTime)>,
    /// Where the next page begins, where there is one.
    pub next: Option<String>,
}

/// A backend in Rust: [`Backend::custom`]. Its functions are called by several threads at once, and may wait, but must not wait for a store of
/// the library. A panic is answered as [`Code::Internal`].
pub trait StorageBackend: Send + Sync + 'static {
    /// A file that is open for reading.
    type Reader: Send + 'static;
    /// A file that is being stored. Where it is dropped without `commit`, nothing of it stays.
    type Writer: Send + 'static;

    /// What [`Backend::name`] tells.
    fn name(&self) -> &str {
        "custom"
    }

    /// Whether uploads and deletions look at [`Request::if_version`].
    fn compares_versions(&self) -> bool {
        false
    }

    /// Whether an upload that failed may be carried out by the storage all the same, some time after.
    fn may_store_late(&self) -> bool {
        false
    }

    /// Tells of a file; [`Code::NotFound`] where it is not there.
    fn describe(&self, request: &Request) -> Result<Description>;

    /// Opens a file for reading; also how many bytes it has.
    fn open_reader(&self, request: &Request) -> Result<(Self::Reader, u64)>;

    /// Puts bytes from `offset` on into `buffer`, which is never empty; their number, 0 at the end.
    fn read(&self, request: &Request, reader: &mut Self::Reader, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Begins to store a file.
    fn open_writer(&self, request: &Request) -> Result<Self::Writer>;

    /// Takes the next bytes, all of them.
    fn write(&self, request: &Request, writer: &mut Self::Writer, bytes: &[u8]) -> Result<()>;

    /// Makes the file, whole and with its metadata, in place of one that is there, as far as [`Request::create_only`] and
    /// [`Request::if_version`] allow it.
    fn commit(&self, request: &Request, writer: &mut Self::Writer, size: u64) -> Result<()>;

    /// Removes a file; whether it was there.
    fn remove(&self, request: &Request) -> Result<bool>;

    /// Tells the files behind [`Request::cursor`].
    fn list(&self, request: &Request) -> Result<Listing>;

    /// Makes a URL for a file.
    fn presign(&self, _request: &Request) -> Result<SignedUrl> {
        Err(Error::new(Code::Unsupported, "this backend makes no URLs"))
    }

    /// What it can do with many files, or with the whole store. Asked once for the table of the backend, and with each call.
    fn upkeep(&self) -> Option<&dyn Upkeep> {
        None
    }

    /// Where it keeps uploads that come piece by piece. Asked as `upkeep` is.
    fn pieces(&self) -> Option<&dyn PieceStore<Self::Reader>> {
        None
    }
}

impl Backend {
    /// Makes a backend of the program's own. Of the options the executor counts.
    ///
    /// The example program `memory` has a whole one.
    pub fn custom<B: StorageBackend>(backend: B, options: Option<&Options>) -> Result<Backend> {
        let name = text(backend.name())?;
        let versions = sys::FILESTORE_COMPARES_UPLOADS + sys::FILESTORE_COMPARES_DELETIONS;
        let mut abilities = if backend.compares_versions() { versions as u64 } else { 0 };
        if backend.may_store_late() {
            abilities += sys::FILESTORE_MAY_STORE_LATE as u64;
        }
        let mut table = sys::filestore_backend_table {
            struct_size: std::mem::size_of::<sys::filestore_backend_table>(),
            abilities,
            name: name.as_ptr(),
            destroy: Some(destroy::<B>),
            describe: Some(describe::<B>),
            open_reader: Some(open_reader::<B>),
            read: Some(read::<B>),
            close_reader: Some(close::<B::Reader>),
            open_writer: Some(open_writer::<B>),
            write: Some(write::<B>),
            commit: Some(commit::<B>),
            close_writer: Some(close::<B::Writer>),
            remove: Some(remove::<B>),
            list: Some(list::<B>),
            presign: Some(presign::<B>),
            // SAFETY: of functions, which may be null.
            ..unsafe { std::mem::zeroed() }
        };
        if let Some(upkeep) = backend.upkeep() {
            storage_upkeep::add_to::<B>(upkeep, &mut table);
        }
        if backend.pieces().is_some() {
            storage_pieces::add_to::<B>(&mut table);
        }
        let context = Box::into_raw(Box::new(backend)).cast();
        let kept = options.map(Options::kept).unwrap_or_default();
        let options = options.map_or(std::ptr::null(), Options::as_ptr);
        // SAFETY: the context is the library's from here on: `destroy` ends it, also where this fails.
        Backend::made_by(kept, |out, error| unsafe {
            sys::filestore_backend_create(&table, context, options, out, error)
        })
    }
}

/// Runs a function of the backend; on success `take` hands over what it answered.
///
/// # Safety
/// `context` is that of a backend of this type, and `call` is at work.
pub(crate) unsafe fn answer<B: StorageBackend, T>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    body: impl FnOnce(&B, &Request) -> Result<T>,
    take: impl FnOnce(T) -> Result<()>,
) -> i32 {
    let backend = &*context.cast::<B>();
    let request = Request { raw: call, _of_a_call: PhantomData };
    let failure = match run_callback(|| body(backend, &request).and_then(take)) {
        Ok(Ok(())) => return sys::FILESTORE_OK,
        Ok(Err(error)) => error,
        Err(panic) => Error::new(Code::Internal, format!("the backend {}", panic)),
    };
    if let Ok(message) = text(failure.message()) {
        let retryable = failure.is_retryable().into();
        sys::filestore_backend_call_set_failure(call, message.as_ptr(), retryable, std::ptr::null_mut());
    }
    failure.code().number()
}

unsafe extern "C" fn destroy<B: StorageBackend>(context: *mut c_void) {
    let _ = run_callback(|| drop(Box::from_raw(context.cast::<B>())));
}

unsafe extern "C" fn close<T>(_context: *mut c_void, opened: *mut c_void) {
    let _ = run_callback(|| drop(Box::from_raw(opened.cast::<T>())));
}

unsafe extern "C" fn describe<B: StorageBackend>(context: *mut c_void, call: *mut sys::filestore_backend_call) -> i32 {
    answer(context, call, B::describe, |file| {
        let (path, content_type) =
            (text(&file.path)?, OptionalText::new(Some(&*file.content_type).filter(|t| !t.is_empty()))?);
        let metadata = OptionalText::new(Some(&*file.metadata).filter(|json| !json.is_empty()))?;
        let (version, time) = (OptionalText::new(file.version.as_deref())?, microseconds_of(file.last_modified));
        check(|error| {
            sys::filestore_backend_call_set_info(
                call,
                file.size,
                time,
                path.as_ptr(),
                content_type.as_ptr(),
                metadata.as_ptr(),
                version.as_ptr(),
                error,
            )
        })
    })
}

unsafe extern "C" fn open_reader<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    reader: *mut *mut c_void,
    size: *mut u64,
) -> i32 {
    answer(context, call, B::open_reader, |(opened, bytes)| {
        *reader = Box::into_raw(Box::new(opened)).cast();
        *size = bytes;
        Ok(())
    })
}

unsafe extern "C" fn read<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    reader: *mut c_void,
    offset: u64,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    // The backend may look at the buffer that it is given, so there must be something in it.
    buffer.cast::<u8>().write_bytes(0, capacity);
    let bytes = slice::from_raw_parts_mut(buffer.cast(), capacity);
    let reader = &mut *reader.cast::<B::Reader>();
    answer(
        context,
        call,
        |backend: &B, request| backend.read(request, reader, offset, bytes),
        |count| {
            *length = count;
            Ok(())
        },
    )
}

unsafe extern "C" fn open_writer<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    writer: *mut *mut c_void,
) -> i32 {
    answer(context, call, B::open_writer, |opened| {
        *writer = Box::into_raw(Box::new(opened)).cast();
        Ok(())
    })
}

unsafe extern "C" fn write<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    writer: *mut c_void,
    data: *const c_void,
    size: usize,
) -> i32 {
    let bytes: &[u8] = if size == 0 { &[] } else { slice::from_raw_parts(data.cast(), size) };
    let writer = &mut *writer.cast::<B::Writer>();
    answer(context, call, |backend: &B, request| backend.write(request, writer, bytes), Ok)
}

unsafe extern "C" fn commit<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    writer: *mut c_void,
    size: u64,
) -> i32 {
    let writer = &mut *writer.cast::<B::Writer>();
    answer(context, call, |backend: &B, request| backend.commit(request, writer, size), Ok)
}

unsafe extern "C" fn remove<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
    removed: *mut i32,
) -> i32 {
    answer(context, call, B::remove, |was_there| {
        *removed = was_there.into();
        Ok(())
    })
}

unsafe extern "C" fn list<B: StorageBackend>(context: *mut c_void, call: *mut sys::filestore_backend_call) -> i32 {
    answer(context, call, B::list, |page| {
        for (id, size, stored_at) in &page.files {
            check(|e| sys::filestore_backend_call_add_file(call, id.as_ptr(), *size, microseconds_of(*stored_at), e))?;
        }
        match page.next {
            Some(cursor) => {
                let cursor = text(&cursor)?;
                check(|e| sys::filestore_backend_call_set_next(call, cursor.as_ptr(), e))
            }
            None => Ok(()),
        }
    })
}

unsafe extern "C" fn presign<B: StorageBackend>(context: *mut c_void, call: *mut sys::filestore_backend_call) -> i32 {
    answer(context, call, B::presign, |url| {
        let text = text(&url.url)?;
        check(|e| sys::filestore_backend_call_set_url(call, text.as_ptr(), microseconds_of(url.expires_at), e))
    })
}
