//! Whether all is still there.

use crate::ffi::{check, handle, run_callback};
use crate::json::Json;
use crate::limits::{limit_setters, Limits};
use crate::report::{Listener, Told};
use crate::streams::context_of;
use crate::{Backend, FileId, Result, Service};
use filestore_sys as sys;
use std::fmt;
use std::os::raw::c_void;
use std::sync::Arc;

handle!(VerifyHandle, filestore_verify_options, filestore_verify_options_destroy);

// SAFETY: as of RawUploadOptions.
unsafe impl Send for VerifyHandle {}

/// A damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Its ID.
    pub id: FileId,
    /// "corrupt", "missing", "orphaned" or "unreadable"; newer libraries may have more, which count as "corrupt".
    pub damage: String,
    /// What is wrong, in a line.
    pub what: String,
    /// Whether it has been moved to the quarantine.
    pub is_quarantined: bool,
}

struct VerifyProgress(Box<dyn Fn(u64, Option<u64>, u64) + Send + Sync>);

unsafe extern "C" fn hear_progress(context: *mut c_void, files: u64, total: u64, bytes: u64) {
    let this = &*context.cast::<VerifyProgress>();
    let total = Some(total).filter(|total| *total != sys::FILESTORE_UNKNOWN_SIZE);
    let _ = run_callback(|| (this.0)(files, total, bytes));
}

/// How a store is verified. A value.
#[derive(Clone, Default)]
pub struct VerifyOptions {
    repair: bool,
    resume: bool,
    parallel: Option<u32>,
    pub(crate) limits: Limits,
    progress: Option<Arc<VerifyProgress>>,
}

impl fmt::Debug for VerifyOptions {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.debug_struct("VerifyOptions")
            .field("repair", &self.repair)
            .field("resume", &self.resume)
            .finish_non_exhaustive()
    }
}

impl VerifyOptions {
    /// Nothing is moved, a run begins anew.
    pub fn new() -> VerifyOptions {
        VerifyOptions::default()
    }

    /// What is damaged is moved to the quarantine of a local store.
    pub fn repair(mut self) -> Self {
        self.repair = true;
        self
    }

    /// Goes on where a run that was ended has come to.
    pub fn resume(mut self) -> Self {
        self.resume = true;
        self
    }

    /// How many files are read at a time: 1 to 64.
    pub fn parallel(mut self, files: u32) -> Self {
        self.parallel = Some(files);
        self
    }

    limit_setters!();

    /// Sets who hears how far a run is: files done, in all where that is known, and bytes.
    pub fn progress(mut self, progress: impl Fn(u64, Option<u64>, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(VerifyProgress(Box::new(progress))));
        self
    }

    pub(crate) fn raw(&self) -> Result<VerifyHandle> {
        // SAFETY: the output and the error are places.
        let handle = VerifyHandle::make(|out, error| unsafe { sys::filestore_verify_options_create(out, error) })?;
        let options = handle.as_ptr();
        // SAFETY: the handle and the arguments live, and nobody else has the handle.
        unsafe {
            check(|e| sys::filestore_verify_options_set_repair(options, self.repair.into(), e))?;
            check(|e| sys::filestore_verify_options_set_resume(options, self.resume.into(), e))?;
            self.limits.set(
                options,
                sys::filestore_verify_options_set_timeout_ms,
                sys::filestore_verify_options_set_cancel,
            )?;
            if let Some(files) = self.parallel {
                check(|e| sys::filestore_verify_options_set_parallel(options, files, e))?;
            }
            if let Some(progress) = &self.progress {
                let context = context_of(progress);
                check(|e| sys::filestore_verify_options_set_progress(options, Some(hear_progress), context, e))?;
            }
        }
        Ok(handle)
    }
}

macro_rules! verify {
    ($owner:ident, $function:ident) => {
        impl $owner {
            /// Reads every file of the store and compares it with its checksum, its metadata and, of a service, its record.
            /// `finding` hears of damage, in the order of IDs; an error of it ends the run. The report is a JSON object with numbers.
            pub fn verify(&self, options: &VerifyOptions, finding: impl FnMut(Finding) -> Told + Send) -> Result<Json> {
                let (raw, mut listener) = (options.raw()?, Listener::new(finding));
                let (options, context) = (raw.as_ptr(), listener.as_context());
                // SAFETY: all arguments live as long as the call, and the callback gets the listener that it is for.
                check(|e| unsafe {
                    sys::filestore_verify_options_set_finding(options, Some(listener.finding()), context, e)
                })?;
                let report = Json::made_by(|out, error| unsafe { sys::$function(self.as_ptr(), options, out, error) });
                listener.explain(report)
            }
        }
    };
}

verify!(Service, filestore_verify);
verify!(Backend, filestore_backend_verify);
