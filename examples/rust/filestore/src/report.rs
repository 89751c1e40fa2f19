//! Closures that hear of one thing after another, and can end the call.

use crate::ffi::{run_callback, text_of, FAILED};
use crate::{CleanedFile, Drift, Error, FileId, Finding, Result, UnreadableRow};
use std::os::raw::{c_char, c_void};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What who hears of something answers: an error ends the call, and becomes the source of its error.
pub type Told = std::result::Result<(), Cause>;

pub(crate) struct Listener<F> {
    hear: F,
    failure: Option<Cause>,
}

impl<F> Listener<F> {
    pub(crate) fn new(hear: F) -> Listener<F> {
        Listener { hear, failure: None }
    }

    pub(crate) fn as_context(&mut self) -> *mut c_void {
        (self as *mut Listener<F>).cast()
    }

    /// Adds what the closure failed with.
    pub(crate) fn explain<T>(&mut self, result: Result<T>) -> Result<T> {
        result.map_err(|error: Error| error.because(self.failure.take()))
    }

    /// # Safety
    /// `context` is from as_context() of this type, lives, and nobody else uses it meanwhile.
    unsafe fn tell<T>(context: *mut c_void, value: Result<T>) -> i32
    where
        F: FnMut(T) -> Told,
    {
        let this = &mut *context.cast::<Listener<F>>();
        let hear = &mut this.hear;
        match run_callback(|| value.map_err(Cause::from).and_then(hear)) {
            Ok(Ok(())) => return 0,
            Ok(Err(cause)) => this.failure = Some(cause),
            Err(panic) => this.failure = Some(panic.into()),
        }
        FAILED
    }
}

impl<F: FnMut(CleanedFile) -> Told> Listener<F> {
    pub(crate) fn cleaned_file(
        &self,
    ) -> unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char, *const c_char) -> i32 {
        unsafe extern "C" fn hear<F: FnMut(CleanedFile) -> Told>(
            context: *mut c_void,
            id: *const c_char,
            outcome: *const c_char,
            reason: *const c_char,
        ) -> i32 {
            Listener::<F>::tell(context, CleanedFile::read(id, outcome, reason))
        }
        hear::<F>
    }
}

impl<F: FnMut(Finding) -> Told> Listener<F> {
    pub(crate) fn finding(
        &self,
    ) -> unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char, *const c_char, i32) -> i32 {
        unsafe extern "C" fn hear<F: FnMut(Finding) -> Told>(
            context: *mut c_void,
            id: *const c_char,
            damage: *const c_char,
            what: *const c_char,
            quarantined: i32,
        ) -> i32 {
            let finding = FileId::read(id).map(|id| Finding {
                id,
                damage: text_of(damage),
                what: text_of(what),
                is_quarantined: quarantined != 0,
            });
            Listener::<F>::tell(context, finding)
        }
        hear::<F>
    }
}

impl<F: FnMut(Drift) -> Told> Listener<F> {
    pub(crate) fn drift(
        &self,
    ) -> unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char, *const c_char, i32) -> i32 {
        unsafe extern "C" fn hear<F: FnMut(Drift) -> Told>(
            context: *mut c_void,
            id: *const c_char,
            drift: *const c_char,
            what: *const c_char,
            repaired: i32,
        ) -> i32 {
            let found = FileId::read(id).map(|id| Drift {
                id,
                drift: text_of(drift),
                what: text_of(what),
                is_repaired: repaired != 0,
            });
            Listener::<F>::tell(context, found)
        }
        hear::<F>
    }
}

impl<F: FnMut(UnreadableRow) -> Told> Listener<F> {
    pub(crate) fn unreadable_row(&self) -> unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char) -> i32 {
        unsafe extern "C" fn hear<F: FnMut(UnreadableRow) -> Told>(
            context: *mut c_void,
            table: *const c_char,
            file_id: *const c_char,
        ) -> i32 {
            Listener::<F>::tell(context, Ok(UnreadableRow { table: text_of(table), file_id: text_of(file_id) }))
        }
        hear::<F>
    }
}
