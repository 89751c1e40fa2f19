//! Calls that are waited for as futures, on any executor of futures: they need none of their own.

use crate::ffi::{check, run_callback};
use crate::presign::{time_of, SignedUrl};
use crate::{CallOptions, CancelToken, Code, Error, FileId, FileInfo, Json, ListPage, Result};
use filestore_sys as sys;
use std::fmt;
use std::future::Future;
use std::os::raw::c_void;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a call came to, as the library answers it.
pub(crate) struct Answer(NonNull<sys::filestore_answer>);

// SAFETY: convention 9 of filestore.h: answers do not change, so any thread may read them.
unsafe impl Send for Answer {}
unsafe impl Sync for Answer {}

impl Answer {
    pub(crate) fn as_ptr(&self) -> *const sys::filestore_answer {
        self.0.as_ptr()
    }

    pub(crate) fn outcome(&self) -> Result<()> {
        // SAFETY: the answer lives, and its error as long as it.
        match unsafe { sys::filestore_answer_code(self.as_ptr()) } {
            sys::FILESTORE_OK => Ok(()),
            code => Err(unsafe { Error::read(code, sys::filestore_answer_error(self.as_ptr())) }),
        }
    }

    pub(crate) fn id(&self) -> Result<FileId> {
        // SAFETY: the text lives as long as the answer.
        unsafe { FileId::read(sys::filestore_answer_id(self.as_ptr())) }
    }

    pub(crate) fn flag(&self) -> bool {
        // SAFETY: the answer lives.
        unsafe { sys::filestore_answer_flag(self.as_ptr()) != 0 }
    }

    pub(crate) fn yes(&self) -> Result<bool> {
        Ok(self.flag())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer lives as long as the answer.
        unsafe { crate::ffi::bytes_of(sys::filestore_answer_buffer(self.as_ptr())) }
    }

    /// Of a download.
    pub(crate) fn size(&self) -> u64 {
        // SAFETY: the answer lives.
        unsafe { sys::filestore_answer_bytes(self.as_ptr()) }
    }

    pub(crate) fn count(&self) -> u64 {
        // SAFETY: the answer lives.
        unsafe { sys::filestore_answer_count(self.as_ptr()) }
    }

    pub(crate) fn offset(&self) -> u64 {
        // SAFETY: the answer lives.
        unsafe { sys::filestore_answer_offset(self.as_ptr()) }
    }

    pub(crate) fn length(&self) -> u64 {
        // SAFETY: the answer lives.
        unsafe { sys::filestore_answer_length(self.as_ptr()) }
    }

    pub(crate) fn version(&self) -> String {
        // SAFETY: the text lives as long as the answer.
        unsafe { crate::ffi::text_of(sys::filestore_answer_version(self.as_ptr())) }
    }

    pub(crate) fn json(&self) -> Result<Json> {
        Json::parse(&crate::ffi::utf8(self.bytes())?)
    }

    pub(crate) fn info(&self) -> Result<FileInfo> {
        FileInfo::parse(&crate::ffi::utf8(self.bytes())?)
    }

    pub(crate) fn page(&self) -> Result<ListPage> {
        // SAFETY: the page lives as long as the answer.
        unsafe { ListPage::read(sys::filestore_answer_page(self.as_ptr())) }
    }

    pub(crate) fn url(&self) -> Result<SignedUrl> {
        // SAFETY: the answer lives.
        let expires_at = time_of(unsafe { sys::filestore_answer_expires_at(self.as_ptr()) });
        Ok(SignedUrl { url: crate::ffi::utf8(self.bytes())?, expires_at })
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
    pub(crate) fn begin<K: Send + 'static>(
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

    pub(crate) fn failed(error: Error) -> Call<T> {
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

/// Each future has a token of its own, which ends it where it is dropped.
pub(crate) fn own_token(given: &Option<CancelToken>) -> Result<CancelToken> {
    match given {
        None => CancelToken::new(),
        Some(_) => Err(Error::new(
            Code::InvalidArgument,
            "a call that is a future takes no token: drop it, or ask it for its canceller",
        )),
    }
}

/// A call that takes call options, and nothing that must live until it has ended.
pub(crate) fn ask<T: 'static>(
    options: &CallOptions,
    take: fn(&Answer) -> Result<T>,
    begin: impl FnOnce(
        *const sys::filestore_call_options,
        sys::filestore_done_function,
        *mut c_void,
        *mut *mut sys::filestore_error,
    ) -> i32,
) -> Call<T> {
    Call::begin(
        own_token(&options.limits.cancel),
        |token| options.clone().cancel(token).raw(),
        // SAFETY: what is kept lives until `done` is called.
        |raw, done, context, err| begin(unsafe { (*raw).as_ptr() }, done, context, err),
        move |answer, _| answer.outcome().and_then(|_| take(answer)),
    )
}

/// A call whose arguments are made first; where that fails it has ended.
pub(crate) fn with<A, T>(arguments: Result<A>, begin: impl FnOnce(A) -> Call<T>) -> Call<T>
where
    T: 'static,
{
    match arguments {
        Ok(arguments) => begin(arguments),
        Err(error) => Call::failed(error),
    }
}
