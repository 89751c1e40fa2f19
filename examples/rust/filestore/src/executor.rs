//! Where the library does its work, if the program says so.

use crate::ffi::{run_callback, FAILED};
use filestore_sys as sys;
use std::cell::Cell;
use std::marker::PhantomData;
use std::os::raw::c_void;
use std::ptr::NonNull;
use std::thread;

/// Work of the library, to be run once, on any thread but not inside the call that hands it over. One that is dropped is run on a thread of its own: calls wait
/// for theirs.
#[derive(Debug)]
pub struct Task {
    raw: Option<NonNull<sys::filestore_task>>,
    /// One thread at a time.
    _not_sync: PhantomData<Cell<()>>,
}

// SAFETY: filestore_execute_function: a task may be run on any thread.
unsafe impl Send for Task {}

impl Task {
    /// Does the work; it may block.
    pub fn run(mut self) {
        self.run_once();
    }

    fn run_once(&mut self) {
        if let Some(raw) = self.raw.take() {
            // SAFETY: it was handed over and not run yet.
            unsafe { sys::filestore_task_run(raw.as_ptr()) }
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            let mut task = Task { raw: Some(raw), _not_sync: PhantomData };
            // Without a thread it is lost, and its call never ends: nothing better is left to do.
            let _ = thread::Builder::new().spawn(move || task.run_once());
        }
    }
}

pub(crate) struct Executor(pub(crate) Box<dyn Fn(Task) -> Result<(), Task> + Send + Sync>);

pub(crate) unsafe extern "C" fn execute(context: *mut c_void, raw: *mut sys::filestore_task) -> i32 {
    let this = &*context.cast::<Executor>();
    let task = Task { raw: NonNull::new(raw), _not_sync: PhantomData };
    match run_callback(|| (this.0)(task)) {
        // What is given back stays the library's.
        Ok(Err(mut task)) if task.raw == NonNull::new(raw) => {
            task.raw = None;
            FAILED
        }
        // Of one that panicked, or gave another one back, the task runs as any that is dropped.
        Ok(_) | Err(_) => 0,
    }
}
