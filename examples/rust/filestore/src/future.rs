//! Calls that are waited for as futures, on any executor of futures: they need none of their own.

use crate::ffi::{check, path_text, run_callback, OptionalText};
use crate::presign::{time_of, SignedUrl};
use crate::streams::{self, Stream};
use crate::{
    CallOptions, CancelToken, Code, DownloadOptions, Error, FileId, FileInfo, ListPage, PresignOptions, Result,
    Service, UploadOptions,
};
use filestore_sys as sys;
use std::fmt;
use std::future::Future;
use std::io::{Read, Seek, Write};
use std::os::raw::{c_char, c_void};
use std::path::Path;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a call came to, as the library answers it.
struct Answer(NonNull<sys::filestore_answer>);

// SAFETY: convention 9 of filestore.h: answers do not change, so any thread may read them.
unsafe impl Send for Answer {}
unsafe impl Sync for Answer {}

impl Answer {
    fn as_ptr(&self) -> *const sys::filestore_answer {
        self.0.as_ptr()
    }

    fn outcome(&self) -> Result<()> {
        // SAFETY: the answer lives, and its error as long as it.
        match unsafe { sys::filestore_answer_code(self.as_ptr()) } {
            sys::FILESTORE_OK => Ok(()),
            code => Err(unsafe { Error::read(code, sys::filestore_answer_error(self.as_ptr())) }),
        }
    }

    fn id(&self) -> Result<FileId> {
        // SAFETY: the text lives as long as the answer.
        unsafe { FileId::read(sys::filestore_answer_id(self.as_ptr())) }
    }

    fn flag(&self) -> bool {
        // SAFETY: the answer lives.
        unsafe { sys::filestore_answer_flag(self.as_ptr()) != 0 }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer lives as long as the answer.
        unsafe { crate::ffi::bytes_of(sys::filestore_answer_buffer(self.as_ptr())) }
    }

    fn count(&self) -> u64 {
        // SAFETY: the answer lives.
        unsafe { sys::filestore_answer_bytes(self.as_ptr()) }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: it is ours, and ends once.
        unsafe { sys::filestore_answer_destroy(self.0.as_ptr()) }
    }
}

/// What a call uses stays in `kept` until it has ended, whatever becomes of the future.
enum State<K> {
    Waiting(Option<Waker>),
    Ended(Answer, K),
    Taken,
}

type Shared<K> = Arc<Mutex<State<K>>>;

/// The context of `done`: the address of what is kept does not change until that is called.
struct Pending<K> {
    shared: Shared<K>,
    kept: K,
}

fn lock<K>(shared: &Shared<K>) -> MutexGuard<State<K>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

unsafe extern "C" fn done<K>(context: *mut c_void, answer: *mut sys::filestore_answer) {
    let Pending { shared, kept } = *Box::from_raw(context.cast::<Pending<K>>());
    let answer = Answer(NonNull::new(answer).expect("an answer"));
    // Wakers, and the ends of what was kept, are the program's.
    let _ = run_callback(move || {
        let before = std::mem::replace(&mut *lock(&shared), State::Ended(answer, kept));
        if let State::Waiting(Some(waker)) = before {
            waker.wake();
        }
    });
}

type Poller<T> = Box<dyn FnMut(&mut Context) -> Poll<Result<T>> + Send>;

/// A call that has begun, as a future; it needs no particular runtime. Where it is dropped before it is ready, the call is cancelled, and
/// what was given to it is freed once the library has let go of it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = filestore::doc_directory();
/// # let service = filestore::Service::open(&filestore::Options::local(&directory)?)?;
/// # use filestore::doc_block_on as block_on;
/// let content = block_on(async {
///     let id = service.upload_bytes_async(b"later".to_vec(), &Default::default()).await?;
///     service.download_bytes_async(&id, &Default::default()).await
/// })?;
/// assert_eq!(content, b"later");
/// # Ok(())
/// # }
/// ```
#[must_use = "a call that is dropped is cancelled"]
pub struct Call<T> {
    poller: Poller<T>,
    cancel: Option<CancelToken>,
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(if self.cancel.is_some() { "Call(waiting)" } else { "Call(ended)" })
    }
}

impl<T> Call<T> {
    /// A token that ends the call from anywhere; the future is then ready with [`Code::Cancelled`], or with what the call came to before.
    pub fn canceller(&self) -> Option<CancelToken> {
        self.cancel.clone()
    }

    /// Begins a call. `kept` lives until it has ended; `begin` gets its address, what `done` is, and its context; `take` what was answered.
    fn begin<K: Send + 'static>(
        cancel: Result<CancelToken>,
        kept: impl FnOnce(&CancelToken) -> Result<K>,
        begin: impl FnOnce(*mut K, sys::filestore_done_function, *mut c_void, *mut *mut sys::filestore_error) -> i32,
        take: impl FnMut(&Answer, K) -> Result<T> + Send + 'static,
    ) -> Call<T>
    where
        T: 'static,
    {
        match Call::try_begin(cancel, kept, begin, take) {
            Ok(call) => call,
            Err(error) => Call::failed(error),
        }
    }

    fn try_begin<K: Send + 'static>(
        cancel: Result<CancelToken>,
        kept: impl FnOnce(&CancelToken) -> Result<K>,
        begin: impl FnOnce(*mut K, sys::filestore_done_function, *mut c_void, *mut *mut sys::filestore_error) -> i32,
        mut take: impl FnMut(&Answer, K) -> Result<T> + Send + 'static,
    ) -> Result<Call<T>> {
        let cancel = cancel?;
        let shared = Arc::new(Mutex::new(State::Waiting(None)));
        let pending = Box::into_raw(Box::new(Pending { shared: shared.clone(), kept: kept(&cancel)? }));
        // Only the address: on another thread `done` may free the box before the call that begins it has returned.
        // SAFETY: the box lives.
        let kept = unsafe { std::ptr::addr_of_mut!((*pending).kept) };
        if let Err(error) = check(|err| begin(kept, Some(done::<K>), pending.cast(), err)) {
            // SAFETY: `done` is never called of what was not begun.
            drop(unsafe { Box::from_raw(pending) });
            return Err(error);
        }
        let poller: Poller<T> = Box::new(move |context| match take_answer(&shared, context) {
            Some((answer, kept)) => Poll::Ready(take(&answer, kept)),
            None => Poll::Pending,
        });
        Ok(Call { poller, cancel: Some(cancel) })
    }

    fn failed(error: Error) -> Call<T> {
        let mut error = Some(error);
        let poller: Poller<T> =
            Box::new(move |_| Poll::Ready(Err(error.take().expect("a future that is ready is not polled again"))));
        Call { poller, cancel: None }
    }
}

fn take_answer<K>(shared: &Shared<K>, context: &Context) -> Option<(Answer, K)> {
    let mut state = lock(shared);
    match std::mem::replace(&mut *state, State::Taken) {
        State::Waiting(waker) => {
            let known = waker.filter(|waker| waker.will_wake(context.waker()));
            *state = State::Waiting(Some(known.unwrap_or_else(|| context.waker().clone())));
            None
        }
        State::Ended(answer, kept) => Some((answer, kept)),
        State::Taken => panic!("a future that is ready is not polled again"),
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Result<T>> {
        let outcome = (self.poller)(context);
        if outcome.is_ready() {
            self.cancel = None;
        }
        outcome
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        if let Some(token) = &self.cancel {
            token.cancel();
        }
    }
}

/// A function that asks about one file.
type Ask = unsafe extern "C" fn(
    *mut sys::filestore_service,
    *const c_char,
    *const sys::filestore_call_options,
    sys::filestore_done_function,
    *mut c_void,
    *mut *mut sys::filestore_error,
) -> i32;

/// Each future has a token of its own, which ends it where it is dropped.
fn own_token(given: &Option<CancelToken>) -> Result<CancelToken> {
    match given {
        None => CancelToken::new(),
        Some(_) => Err(Error::new(
            Code::InvalidArgument,
            "a call that is a future takes no token: drop it, or ask it for its canceller",
        )),
    }
}

impl Service {
    /// As [`Service::upload_path`].
    pub fn upload_path_async(&self, path: impl AsRef<Path>, options: &UploadOptions) -> Call<FileId> {
        let path = path_text(path.as_ref());
        Call::begin(
            own_token(&options.cancel),
            |token| Ok((path?, options.clone().cancel(token).raw()?)),
            // SAFETY: what is kept lives until `done` is called, as in all that follows.
            |kept, done, context, err| unsafe {
                let (path, raw) = &mut *kept;
                sys::filestore_upload_path_async(self.as_ptr(), path.as_ptr(), raw.as_ptr(), done, context, err)
            },
            |answer, _| answer.outcome().and_then(|_| answer.id()),
        )
    }

    /// As [`Service::upload_bytes`].
    pub fn upload_bytes_async(
        &self,
        bytes: impl AsRef<[u8]> + Send + 'static,
        options: &UploadOptions,
    ) -> Call<FileId> {
        Call::begin(
            own_token(&options.cancel),
            |token| Ok((bytes, options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (bytes, raw) = &mut *kept;
                let bytes = bytes.as_ref();
                let (data, size) = (bytes.as_ptr().cast(), bytes.len());
                sys::filestore_upload_buffer_async(self.as_ptr(), data, size, raw.as_ptr(), done, context, err)
            },
            |answer, _| answer.outcome().and_then(|_| answer.id()),
        )
    }

    /// As [`Service::upload`]; the reader is read on a thread of the library, and may block.
    pub fn upload_async<R: Read + Send + 'static>(&self, reader: R, options: &UploadOptions) -> Call<FileId> {
        self.upload_stream_async(Ok(Stream::new(reader)), None, options)
    }

    /// As [`Service::upload_seekable`].
    pub fn upload_seekable_async<R: Read + Seek + Send + 'static>(
        &self,
        reader: R,
        options: &UploadOptions,
    ) -> Call<FileId> {
        let stream = Stream::seekable(reader).map_err(crate::download::source_failed);
        self.upload_stream_async(stream, Some(streams::rewind::<R>), options)
    }

    fn upload_stream_async<R: Read + Send + 'static>(
        &self,
        stream: Result<Stream<R>>,
        rewind: sys::filestore_rewind_function,
        options: &UploadOptions,
    ) -> Call<FileId> {
        Call::begin(
            own_token(&options.cancel),
            |token| Ok((stream?, options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (stream, raw) = &mut *kept;
                let (read, stream, size) = (Some(streams::read::<R> as _), stream.as_context(), options.c_size());
                let options = raw.as_ptr();
                sys::filestore_upload_callback_async(
                    self.as_ptr(),
                    read,
                    rewind,
                    stream,
                    size,
                    options,
                    done,
                    context,
                    err,
                )
            },
            |answer, (mut stream, _)| match answer.outcome() {
                Ok(()) => answer.id(),
                Err(error) => Err(error.because(stream.failure.take())),
            },
        )
    }

    /// As [`Service::download_path`]; the number of bytes.
    pub fn download_path_async(&self, id: &FileId, path: impl AsRef<Path>, options: &DownloadOptions) -> Call<u64> {
        let path = path_text(path.as_ref());
        Call::begin(
            own_token(&options.cancel),
            |token| Ok((path?, options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (path, raw) = &mut *kept;
                let (path, options) = (path.as_ptr(), raw.as_ptr());
                sys::filestore_download_path_async(self.as_ptr(), id.as_ptr(), path, options, done, context, err)
            },
            |answer, _| answer.outcome().map(|_| answer.count()),
        )
    }

    /// As [`Service::download_bytes`].
    pub fn download_bytes_async(&self, id: &FileId, options: &DownloadOptions) -> Call<Vec<u8>> {
        Call::begin(
            own_token(&options.cancel),
            |token| options.clone().cancel(token).raw(),
            |raw, done, context, err| unsafe {
                let raw = &*raw;
                sys::filestore_download_buffer_async(self.as_ptr(), id.as_ptr(), raw.as_ptr(), done, context, err)
            },
            |answer, _| answer.outcome().map(|_| answer.bytes().to_vec()),
        )
    }

    /// Reads a file into memory that is handed over, and comes back with the number of bytes.
    pub fn download_into_async<M: AsMut<[u8]> + Send + 'static>(
        &self,
        id: &FileId,
        memory: M,
        options: &DownloadOptions,
    ) -> Call<(M, usize)> {
        Call::begin(
            own_token(&options.cancel),
            |token| Ok((memory, options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (memory, raw) = &mut *kept;
                let memory = memory.as_mut();
                let (data, capacity, options) = (memory.as_mut_ptr().cast(), memory.len(), raw.as_ptr());
                sys::filestore_download_into_async(
                    self.as_ptr(),
                    id.as_ptr(),
                    data,
                    capacity,
                    options,
                    done,
                    context,
                    err,
                )
            },
            |answer, (memory, _)| answer.outcome().map(|_| (memory, answer.count() as usize)),
        )
    }

    /// As [`Service::download`]; the writer is written to on a thread of the library, may block, and comes back with the number of bytes.
    pub fn download_async<W: Write + Send + 'static>(
        &self,
        id: &FileId,
        writer: W,
        options: &DownloadOptions,
    ) -> Call<(W, u64)> {
        Call::begin(
            own_token(&options.cancel),
            |token| Ok((Stream::new(writer), options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (stream, raw) = &mut *kept;
                let (write, stream, options) = (Some(streams::write::<W> as _), stream.as_context(), raw.as_ptr());
                sys::filestore_download_callback_async(
                    self.as_ptr(),
                    id.as_ptr(),
                    write,
                    stream,
                    options,
                    done,
                    context,
                    err,
                )
            },
            |answer, (mut stream, _)| match answer.outcome() {
                Ok(()) => Ok((stream.stream, answer.count())),
                Err(error) => Err(error.because(stream.failure.take())),
            },
        )
    }

    /// As [`Service::delete`].
    pub fn delete_async(&self, id: &FileId, options: &CallOptions) -> Call<bool> {
        self.ask(id, options, sys::filestore_delete_async, |answer| Ok(answer.flag()))
    }

    /// As [`Service::undelete`].
    pub fn undelete_async(&self, id: &FileId, options: &CallOptions) -> Call<bool> {
        self.ask(id, options, sys::filestore_undelete_async, |answer| Ok(answer.flag()))
    }

    /// As [`Service::exists`].
    pub fn exists_async(&self, id: &FileId, options: &CallOptions) -> Call<bool> {
        self.ask(id, options, sys::filestore_exists_async, |answer| Ok(answer.flag()))
    }

    /// As [`Service::metadata`].
    pub fn metadata_async(&self, id: &FileId, options: &CallOptions) -> Call<FileInfo> {
        self.ask(id, options, sys::filestore_metadata_async, |answer| {
            FileInfo::parse(&crate::ffi::utf8(answer.bytes())?)
        })
    }

    fn ask<T: 'static>(
        &self,
        id: &FileId,
        options: &CallOptions,
        function: Ask,
        take: fn(&Answer) -> Result<T>,
    ) -> Call<T> {
        Call::begin(
            own_token(&options.cancel),
            |token| options.clone().cancel(token).raw(),
            |raw, done, context, err| unsafe {
                let raw = &*raw;
                function(self.as_ptr(), id.as_ptr(), raw.as_ptr(), done, context, err)
            },
            move |answer, _| answer.outcome().and_then(|_| take(answer)),
        )
    }

    /// As [`Service::list_page`].
    pub fn list_page_async(&self, cursor: Option<&str>, limit: u32, options: &CallOptions) -> Call<ListPage> {
        let cursor = OptionalText::new(cursor);
        Call::begin(
            own_token(&options.cancel),
            |token| Ok((cursor?, options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (cursor, raw) = &mut *kept;
                sys::filestore_list_async(self.as_ptr(), cursor.as_ptr(), limit, raw.as_ptr(), done, context, err)
            },
            // SAFETY: the page lives as long as the answer.
            |answer, _| {
                answer.outcome().and_then(|_| unsafe { ListPage::read(sys::filestore_answer_page(answer.as_ptr())) })
            },
        )
    }

    /// As [`Service::presign`].
    pub fn presign_async(&self, id: &FileId, options: &PresignOptions) -> Call<SignedUrl> {
        Call::begin(
            own_token(&options.cancel),
            |token| options.clone().cancel(token).raw(),
            |raw, done, context, err| unsafe {
                let raw = &*raw;
                sys::filestore_presign_async(self.as_ptr(), id.as_ptr(), raw.as_ptr(), done, context, err)
            },
            |answer, _| {
                answer.outcome()?;
                // SAFETY: the answer lives.
                let expires_at = time_of(unsafe { sys::filestore_answer_expires_at(answer.as_ptr()) });
                Ok(SignedUrl { url: crate::ffi::utf8(answer.bytes())?, expires_at })
            },
        )
    }
}
