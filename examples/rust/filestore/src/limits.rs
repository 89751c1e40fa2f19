//! What options of several kinds have in common: how a call is ended, paused and watched.

use crate::call_options::milliseconds;
use crate::ffi::check;
use crate::streams::{self, context_of, Progress};
use crate::{CancelToken, Pause, Result};
use filestore_sys as sys;
use std::os::raw::c_void;
use std::sync::Arc;
use std::time::Duration;

type Failure = *mut *mut sys::filestore_error;
type SetTimeout<O> = unsafe extern "C" fn(*mut O, u64, Failure) -> i32;
type SetCancel<O> = unsafe extern "C" fn(*mut O, *const sys::filestore_cancel, Failure) -> i32;
type SetPause<O> = unsafe extern "C" fn(*mut O, *const sys::filestore_pause, Failure) -> i32;
type SetProgress<O> = unsafe extern "C" fn(*mut O, sys::filestore_progress_function, *mut c_void, Failure) -> i32;

/// What ends a call before it is done. A value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) timeout: Option<Duration>,
    pub(crate) cancel: Option<CancelToken>,
}

impl Limits {
    /// # Safety
    /// The functions are those of the options, which live, and which nobody else has; as in all that follows.
    pub(crate) unsafe fn set<O>(&self, options: *mut O, timeout: SetTimeout<O>, cancel: SetCancel<O>) -> Result<()> {
        check(|e| timeout(options, milliseconds(self.timeout), e))?;
        match &self.cancel {
            Some(token) => check(|e| cancel(options, token.as_ptr(), e)),
            None => Ok(()),
        }
    }
}

pub(crate) unsafe fn set_pause<O>(options: *mut O, pause: &Option<Pause>, set: SetPause<O>) -> Result<()> {
    match pause {
        Some(pause) => check(|e| set(options, pause.as_ptr(), e)),
        None => Ok(()),
    }
}

/// Whoever hears lives as long as the options.
pub(crate) unsafe fn set_progress<O>(
    options: *mut O,
    progress: &Option<Arc<Progress>>,
    set: SetProgress<O>,
) -> Result<()> {
    match progress {
        Some(progress) => check(|e| set(options, Some(streams::progress), context_of(progress), e)),
        None => Ok(()),
    }
}

/// The setters of options with a member `limits`.
macro_rules! limit_setters {
    () => {
        /// Limits the whole of each call, which then fails with [`Code::Timeout`](crate::Code::Timeout).
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.limits.timeout = Some(timeout);
            self
        }

        /// Lets a token end the calls.
        pub fn cancel(mut self, token: &crate::CancelToken) -> Self {
            self.limits.cancel = Some(token.clone());
            self
        }
    };
}

/// The setter of options with a member `pause`.
macro_rules! pause_setter {
    () => {
        /// Lets a switch stop the bytes of the calls for a while.
        pub fn pause(mut self, pause: &crate::Pause) -> Self {
            self.pause = Some(pause.clone());
            self
        }
    };
}

/// The setter of options with a member `progress`.
macro_rules! progress_setter {
    () => {
        /// Sets who hears how far a call is: bytes done, and in all where that is known. It runs on any thread, perhaps for several calls at
        /// once, and must be quick.
        pub fn progress(mut self, progress: impl Fn(u64, Option<u64>) + Send + Sync + 'static) -> Self {
            self.progress = Some(std::sync::Arc::new(crate::streams::Progress(Box::new(progress))));
            self
        }
    };
}

pub(crate) use {limit_setters, pause_setter, progress_setter};
