//! How a service or a backend is opened.

use crate::executor::{self, Executor, Task};
use crate::ffi::{check, handle, path_text, run_callback, text, text_of};
use crate::presign::microseconds_of;
use crate::streams::context_of;
use crate::{CallOptions, Error, Result};
use filestore_sys as sys;
use std::any::Any;
use std::fmt;
use std::os::raw::{c_char, c_void};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

handle!(OptionsHandle, filestore_options, filestore_options_destroy);

/// What must live as long as the services that were opened with it.
pub(crate) type Kept = Vec<Arc<dyn Any + Send + Sync>>;

/// How a service is opened: the options of `storage.yaml` by their names. A resource; setting needs `&mut`, opening does not.
///
/// ```
/// # fn main() -> filestore::Result<()> {
/// # let directory = filestore::doc_directory();
/// let mut options = filestore::Options::new()?;
/// options.set("base_path", directory.to_str().unwrap())?.set("max_size", "1000000")?;
/// let error = options.set("max_sise", "1").unwrap_err();
/// assert!(error.message().contains("max_size"));
/// let service = filestore::Service::open(&options)?;
/// # Ok(())
/// # }
/// ```
pub struct Options {
    handle: OptionsHandle,
    kept: Kept,
}

// SAFETY: convention 9 of filestore.h: options may be read by many calls at once while no thread sets them, for which `&mut` is
// needed here. What is kept is Send and Sync.
unsafe impl Send for Options {}
unsafe impl Sync for Options {}

impl fmt::Debug for Options {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("Options")
    }
}

/// What a file is stored in spite of: its name, declared type and content do not agree.
#[derive(Debug)]
#[non_exhaustive]
pub struct Warning {
    /// The name of the file.
    pub path: String,
    /// The type that was declared.
    pub declared_type: String,
    /// The type of the content; empty where it is not known.
    pub found_type: String,
    /// What does not agree, in a line.
    pub message: String,
}

struct ClockHook(Box<dyn Fn() -> SystemTime + Send + Sync>);
struct ConversionHook<F>(F);

unsafe extern "C" fn tell_time(context: *mut c_void) -> i64 {
    let this = &*context.cast::<ClockHook>();
    // Of a clock that panics the system's takes the place.
    microseconds_of(run_callback(|| (this.0)()).unwrap_or_else(|_| SystemTime::now()))
}

unsafe extern "C" fn hear_conversion<F: FnMut(u64, u64)>(context: *mut c_void, done: u64, total: u64) {
    let this = &mut *context.cast::<ConversionHook<F>>();
    let _ = run_callback(|| (this.0)(done, total));
}

struct WarningHook(Box<dyn Fn(Warning) + Send + Sync>);
struct DeliveryHook(Box<dyn Fn(Option<Error>) + Send + Sync>);
struct CleanupHook {
    file: Box<dyn Fn(crate::CleanedFile) + Send + Sync>,
    run: Box<dyn Fn(Result<crate::Json>) + Send + Sync>,
}

unsafe extern "C" fn warn(
    context: *mut c_void,
    path: *const c_char,
    declared: *const c_char,
    found: *const c_char,
    message: *const c_char,
) {
    let this = &*context.cast::<WarningHook>();
    let _ = run_callback(|| {
        (this.0)(Warning {
            path: text_of(path),
            declared_type: text_of(declared),
            found_type: text_of(found),
            message: text_of(message),
        })
    });
}

unsafe extern "C" fn deliver(context: *mut c_void, error: *const sys::filestore_error) {
    let this = &*context.cast::<DeliveryHook>();
    let _ = run_callback(|| (this.0)((!error.is_null()).then(|| Error::read(sys::filestore_error_code(error), error))));
}

unsafe extern "C" fn clean_file(
    context: *mut c_void,
    id: *const c_char,
    outcome: *const c_char,
    reason: *const c_char,
) -> i32 {
    let this = &*context.cast::<CleanupHook>();
    let _ = run_callback(|| crate::CleanedFile::read(id, outcome, reason).map(&this.file));
    0
}

unsafe extern "C" fn end_cleanup(context: *mut c_void, report: *const c_char, error: *const sys::filestore_error) {
    let this = &*context.cast::<CleanupHook>();
    let _ = run_callback(|| {
        (this.run)(if error.is_null() {
            crate::Json::parse(&text_of(report))
        } else {
            Err(Error::read(sys::filestore_error_code(error), error))
        })
    });
}

impl Options {
    /// The defaults: files in the directory `./storage`.
    pub fn new() -> Result<Options> {
        // SAFETY: the output and the error are places.
        let handle = OptionsHandle::make(|out, error| unsafe { sys::filestore_options_create(out, error) })?;
        Ok(Options { handle, kept: Kept::new() })
    }

    /// Those of a local store in this directory.
    pub fn local(directory: impl AsRef<Path>) -> Result<Options> {
        let mut options = Options::new()?;
        let path = path_text(directory.as_ref())?;
        options.set_c("base_path", &path)?;
        Ok(options)
    }

    /// Those of a `storage.yaml`.
    pub fn load(path: impl AsRef<Path>) -> Result<Options> {
        let (options, path) = (Options::new()?, path_text(path.as_ref())?);
        // SAFETY: the handle and the text live.
        check(|e| unsafe { sys::filestore_options_load(options.as_mut_ptr(), path.as_ptr(), e) })?;
        Ok(options)
    }

    /// Those of a text in YAML; `origin` names it in messages.
    pub fn parse(yaml: &str, origin: &str) -> Result<Options> {
        let (options, yaml, origin) = (Options::new()?, text(yaml)?, text(origin)?);
        // SAFETY: the handle and the texts live.
        check(|e| unsafe { sys::filestore_options_parse(options.as_mut_ptr(), yaml.as_ptr(), origin.as_ptr(), e) })?;
        Ok(options)
    }

    /// Sets one option by its name; `filestore_options_set` of `filestore.h` lists them.
    pub fn set(&mut self, name: &str, value: impl AsRef<str>) -> Result<&mut Self> {
        let value = text(value.as_ref())?;
        self.set_c(name, &value)
    }

    fn set_c(&mut self, name: &str, value: &std::ffi::CStr) -> Result<&mut Self> {
        let name = text(name)?;
        // SAFETY: the handle and the texts live, and `&mut` keeps others away.
        check(|e| unsafe { sys::filestore_options_set(self.as_mut_ptr(), name.as_ptr(), value.as_ptr(), e) })?;
        Ok(self)
    }

    /// Sets who hears of files that are stored although their name, declared type and content do not agree (option `type_policy`: warn). It
    /// runs on any thread, for several uploads at once, and must be quick.
    pub fn on_warning(&mut self, hook: impl Fn(Warning) + Send + Sync + 'static) -> Result<&mut Self> {
        let context = self.keep(WarningHook(Box::new(hook)));
        // SAFETY: the handle lives; the hook lives as long as the options and each service of them.
        check(|e| unsafe { sys::filestore_options_set_warning(self.as_mut_ptr(), Some(warn), context, e) })?;
        Ok(self)
    }

    /// Sets who hears of scheduled cleanups: of each file, and of what a run came to.
    pub fn on_cleanup(
        &mut self,
        file: impl Fn(crate::CleanedFile) + Send + Sync + 'static,
        run: impl Fn(Result<crate::Json>) + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let context = self.keep(CleanupHook { file: Box::new(file), run: Box::new(run) });
        let (file, run) = (Some(clean_file as _), Some(end_cleanup as _));
        // SAFETY: as in on_warning().
        check(|e| unsafe { sys::filestore_options_set_cleanup(self.as_mut_ptr(), file, run, context, e) })?;
        Ok(self)
    }

    /// Sets who hears what keeps the audit project from being told, and of the attempt that goes through (nothing).
    pub fn on_delivery(&mut self, hook: impl Fn(Option<Error>) + Send + Sync + 'static) -> Result<&mut Self> {
        let context = self.keep(DeliveryHook(Box::new(hook)));
        // SAFETY: as in on_warning().
        check(|e| unsafe { sys::filestore_options_set_delivery(self.as_mut_ptr(), Some(deliver), context, e) })?;
        Ok(self)
    }

    /// Sets where services do their work, and call back: `execute` gets each [`Task`], and has it run on another thread or later. Where it has no
    /// room it gives the task back, and the call that needed it fails.
    pub fn executor(
        &mut self,
        execute: impl Fn(Task) -> std::result::Result<(), Task> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let context = self.keep(Executor(Box::new(execute)));
        // SAFETY: as in on_warning().
        check(|e| unsafe {
            sys::filestore_options_set_executor(self.as_mut_ptr(), Some(executor::execute), context, e)
        })?;
        Ok(self)
    }

    /// Sets where services and backends take the time of day from. It runs on any thread, by several at once, and must be quick.
    pub fn clock(&mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Result<&mut Self> {
        let context = self.keep(ClockHook(Box::new(now)));
        // SAFETY: as in on_warning().
        check(|e| unsafe { sys::filestore_options_set_clock(self.as_mut_ptr(), Some(tell_time), context, e) })?;
        Ok(self)
    }

    /// Keeps what the library is told the address of.
    fn keep<T: Any + Send + Sync>(&mut self, hook: T) -> *mut c_void {
        let hook = Arc::new(hook);
        let context = context_of(&hook);
        self.kept.push(hook);
        context
    }

    fn as_mut_ptr(&self) -> *mut sys::filestore_options {
        self.handle.as_ptr()
    }

    pub(crate) fn as_ptr(&self) -> *const sys::filestore_options {
        self.handle.as_ptr()
    }

    pub(crate) fn kept(&self) -> Kept {
        self.kept.clone()
    }
}

/// How a local store has its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In one directory.
    Flat,
    /// In 256 directories.
    Sharded,
}

/// Gives a local store, which nobody has open, another layout; `progress` hears how many files were moved, of how many. How many were moved.
pub fn convert_store(
    options: &Options,
    layout: Layout,
    progress: impl FnMut(u64, u64),
    call: &CallOptions,
) -> Result<u64> {
    fn listener<F: FnMut(u64, u64)>(_: &ConversionHook<F>) -> sys::filestore_files_function {
        Some(hear_conversion::<F>)
    }
    let layout = text(match layout {
        Layout::Flat => "flat",
        Layout::Sharded => "sharded",
    })?;
    let (call, mut hook, mut files) = (call.raw()?, ConversionHook(progress), 0);
    let (hear, context) = (listener(&hook), (&mut hook as *mut ConversionHook<_>).cast());
    // SAFETY: all arguments live as long as the call, and the callback gets the hook that it is for.
    check(|error| unsafe {
        sys::filestore_convert_store(options.as_ptr(), layout.as_ptr(), hear, context, call.as_ptr(), &mut files, error)
    })?;
    Ok(files)
}
