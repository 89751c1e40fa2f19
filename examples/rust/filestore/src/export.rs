//! Copies at AI providers.

use crate::ffi::{
    check, end_outside_of_callbacks, handle, path_text, run_callback, text, text_of, OptionalText, FAILED,
};
use crate::future::{ask, own_token, with, Answer};
use crate::json::Json;
use crate::limits::{limit_setters, progress_setter, set_progress, Limits};
use crate::streams::{context_of, Progress};
use crate::{Call, CallOptions, Code, Error, FileId, Result, Service};
use filestore_sys as sys;
use std::fmt;
use std::os::raw::{c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

handle!(ExporterOptionsHandle, filestore_exporter_options, filestore_exporter_options_destroy);
handle!(ExporterHandle, filestore_exporter, filestore_exporter_close);
handle!(SendHandle, filestore_send_options, filestore_send_options_destroy);

// SAFETY: as of RawUploadOptions.
unsafe impl Send for SendHandle {}

// SAFETY: convention 9 of filestore.h: an exporter may be used by any number of threads at once, and options by many calls while no
// thread sets them, for which `&mut` is needed here.
unsafe impl Send for ExporterHandle {}
unsafe impl Sync for ExporterHandle {}
unsafe impl Send for ExporterOptionsHandle {}
unsafe impl Sync for ExporterOptionsHandle {}

/// Whose key is asked for.
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyRequest {
    /// "openai", "anthropic" or "gemini".
    pub profile: String,
    /// Where the provider is.
    pub base_url: String,
    /// What [`SendOptions::key_variable`] says, or empty.
    pub key_variable: String,
}

struct KeyHook(Box<dyn Fn(KeyRequest) -> Option<String> + Send + Sync>);
struct SettledHook(Box<dyn Fn(Result<Json>) + Send + Sync>);

unsafe extern "C" fn give_key(
    context: *mut c_void,
    profile: *const c_char,
    base_url: *const c_char,
    key_variable: *const c_char,
    key: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    let this = &*context.cast::<KeyHook>();
    let request =
        KeyRequest { profile: text_of(profile), base_url: text_of(base_url), key_variable: text_of(key_variable) };
    match run_callback(|| (this.0)(request)) {
        Ok(Some(given)) if given.len() <= capacity => {
            ptr::copy_nonoverlapping(given.as_ptr(), key.cast(), given.len());
            *length = given.len();
            0
        }
        _ => FAILED,
    }
}

unsafe extern "C" fn hear_settled(context: *mut c_void, report: *const c_char, code: i32, message: *const c_char) {
    let this = &*context.cast::<SettledHook>();
    let _ = run_callback(|| {
        (this.0)(if report.is_null() {
            Err(Error::new(Code::from_number(code), text_of(message)))
        } else {
            Json::parse(&text_of(report))
        })
    });
}

/// How an exporter is opened. A resource; setting needs `&mut`.
pub struct ExporterOptions {
    handle: ExporterOptionsHandle,
    key: Option<Arc<KeyHook>>,
    settled: Option<Arc<SettledHook>>,
}

impl fmt::Debug for ExporterOptions {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("ExporterOptions")
    }
}

impl ExporterOptions {
    /// Keys from the environment, the certificates that the system trusts.
    pub fn new() -> Result<ExporterOptions> {
        // SAFETY: the output and the error are places.
        let handle =
            ExporterOptionsHandle::make(|out, error| unsafe { sys::filestore_exporter_options_create(out, error) })?;
        Ok(ExporterOptions { handle, key: None, settled: None })
    }

    /// Runs a setter; `&mut` keeps others away from the handle.
    fn set(
        &mut self,
        set: impl FnOnce(*mut sys::filestore_exporter_options, *mut *mut sys::filestore_error) -> i32,
    ) -> Result<&mut Self> {
        let options = self.handle.as_ptr();
        check(|error| set(options, error))?;
        Ok(self)
    }

    /// Sets who gives the keys: on any thread, for several calls at once. Nothing: the call fails.
    pub fn key(&mut self, key: impl Fn(KeyRequest) -> Option<String> + Send + Sync + 'static) -> Result<&mut Self> {
        let hook = Arc::new(KeyHook(Box::new(key)));
        let context = context_of(&hook);
        self.key = Some(hook);
        // SAFETY: the handle lives, and the hook as long as the options and each exporter of them.
        self.set(|options, e| unsafe { sys::filestore_exporter_options_set_key(options, Some(give_key), context, e) })
    }

    /// Sets who hears what each settling came to after [`Exporter::start`].
    pub fn on_settled(&mut self, hook: impl Fn(Result<Json>) + Send + Sync + 'static) -> Result<&mut Self> {
        let hook = Arc::new(SettledHook(Box::new(hook)));
        let context = context_of(&hook);
        self.settled = Some(hook);
        // SAFETY: as in key().
        self.set(|options, e| unsafe {
            sys::filestore_exporter_options_set_settled(options, Some(hear_settled), context, e)
        })
    }

    /// Sets the file (PEM) with the certificates to trust.
    pub fn ca_file(&mut self, path: impl AsRef<Path>) -> Result<&mut Self> {
        let path = path_text(path.as_ref())?;
        // SAFETY: the handle and the text live, as in all that follows.
        self.set(|options, e| unsafe { sys::filestore_exporter_options_set_ca_file(options, path.as_ptr(), e) })
    }

    /// Base URLs of other machines may be without TLS.
    pub fn plain_http(&mut self, plain_http: bool) -> Result<&mut Self> {
        self.set(|options, e| unsafe { sys::filestore_exporter_options_set_plain_http(options, plain_http.into(), e) })
    }

    /// Files of more than `threshold` bytes are sent in parts.
    pub fn parts(&mut self, threshold: u64, part_size: u64) -> Result<&mut Self> {
        self.set(|options, e| unsafe { sys::filestore_exporter_options_set_parts(options, threshold, part_size, e) })
    }

    /// How often a request is sent, with pauses that grow.
    pub fn retry(&mut self, max_attempts: u32, first: Duration, longest: Duration) -> Result<&mut Self> {
        let (first, longest) = (first.as_millis() as u64, longest.as_millis() as u64);
        self.set(|options, e| unsafe {
            sys::filestore_exporter_options_set_retry(options, max_attempts, first, longest, e)
        })
    }

    /// After [`Exporter::start`], between two looks at what is to be done.
    pub fn settle_interval(&mut self, seconds: u32) -> Result<&mut Self> {
        self.set(|options, e| unsafe { sys::filestore_exporter_options_set_settle_interval(options, seconds, e) })
    }
}

/// How a file is sent. A value.
#[derive(Clone, Default)]
pub struct SendOptions {
    base_url: Option<String>,
    key_variable: Option<String>,
    purpose: Option<String>,
    expires_in: Option<Duration>,
    again: bool,
    pub(crate) limits: Limits,
    progress: Option<Arc<Progress>>,
}

impl fmt::Debug for SendOptions {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.debug_struct("SendOptions")
            .field("base_url", &self.base_url)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl SendOptions {
    /// The provider's own URL, no expiry, no limit.
    pub fn new() -> SendOptions {
        SendOptions::default()
    }

    /// The base URL of a service that is compatible with the profile.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The environment variable that has the key.
    pub fn key_variable(mut self, name: impl Into<String>) -> Self {
        self.key_variable = Some(name.into());
        self
    }

    /// What the file is for.
    pub fn purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// How long the provider is to keep it.
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// The file is sent although there is a copy.
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    limit_setters!();

    progress_setter!();

    fn raw(&self) -> Result<SendHandle> {
        // SAFETY: the output and the error are places.
        let handle = SendHandle::make(|out, error| unsafe { sys::filestore_send_options_create(out, error) })?;
        let options = handle.as_ptr();
        let (url, purpose) =
            (OptionalText::new(self.base_url.as_deref())?, OptionalText::new(self.purpose.as_deref())?);
        let variable = OptionalText::new(self.key_variable.as_deref())?;
        // SAFETY: the handle and the arguments live, and nobody else has the handle.
        unsafe {
            check(|e| sys::filestore_send_options_set_base_url(options, url.as_ptr(), e))?;
            check(|e| sys::filestore_send_options_set_key_variable(options, variable.as_ptr(), e))?;
            check(|e| sys::filestore_send_options_set_purpose(options, purpose.as_ptr(), e))?;
            if let Some(time) = self.expires_in {
                check(|e| sys::filestore_send_options_set_expires_in(options, time.as_secs(), e))?;
            }
            check(|e| sys::filestore_send_options_set_again(options, self.again.into(), e))?;
            self.limits.set(
                options,
                sys::filestore_send_options_set_timeout_ms,
                sys::filestore_send_options_set_cancel,
            )?;
            set_progress(options, &self.progress, sys::filestore_send_options_set_progress)?;
        }
        Ok(handle)
    }
}

/// The handle goes before what its callbacks use, and before its service.
struct Opened {
    handle: ExporterHandle,
    _key: Option<Arc<KeyHook>>,
    _settled: Option<Arc<SettledHook>>,
    _service: Service,
}

/// Streams the files of a service to the Files APIs of AI providers, and keeps in the catalogue which copies there are. A resource; thread-safe.
pub struct Exporter(Option<Opened>);

impl fmt::Debug for Exporter {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("Exporter")
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Some(opened) = self.0.take() {
            end_outside_of_callbacks(opened);
        }
    }
}

impl Exporter {
    /// Makes an exporter. It uses no network and starts no thread.
    pub fn open(service: &Service, options: &ExporterOptions) -> Result<Exporter> {
        // SAFETY: service and options live as long as the call, and the callbacks as long as the exporter.
        let handle = ExporterHandle::make(|out, error| unsafe {
            sys::filestore_exporter_open(service.as_ptr(), options.handle.as_ptr(), out, error)
        })?;
        Ok(Exporter(Some(Opened {
            handle,
            _key: options.key.clone(),
            _settled: options.settled.clone(),
            _service: service.clone(),
        })))
    }

    fn as_ptr(&self) -> *mut sys::filestore_exporter {
        self.0.as_ref().expect("an exporter is open until it is dropped").handle.as_ptr()
    }

    /// Has the exporter settle by itself, now and then again.
    pub fn start(&self) -> Result<()> {
        // SAFETY: the exporter lives.
        check(|error| unsafe { sys::filestore_exporter_start(self.as_ptr(), error) })
    }

    /// Sends a file to the provider of `profile` ("openai", "anthropic" or "gemini"), or answers the copy that is there: a JSON object.
    pub fn send(&self, id: &FileId, profile: &str, options: &SendOptions) -> Result<Json> {
        let (profile, options) = (text(profile)?, options.raw()?);
        // SAFETY: all arguments live as long as the call, as in all that follows.
        Json::made_by(|out, error| unsafe {
            sys::filestore_send(self.as_ptr(), id.as_ptr(), profile.as_ptr(), options.as_ptr(), out, error)
        })
    }

    /// What the catalogue knows of the copies of a file, or of the first `limit` copies behind the one with the number `after`: a JSON array.
    pub fn copies(&self, id: Option<&FileId>, after: i64, limit: u32, options: &CallOptions) -> Result<Json> {
        let (id, options) = (id.map_or(ptr::null(), FileId::as_ptr), options.raw()?);
        Json::made_by(|out, error| unsafe {
            sys::filestore_copies(self.as_ptr(), id, after, limit, options.as_ptr(), out, error)
        })
    }

    /// Removes the copies of a file: at one provider, or everywhere.
    pub fn unsend(
        &self,
        id: &FileId,
        profile: Option<&str>,
        base_url: Option<&str>,
        options: &CallOptions,
    ) -> Result<Json> {
        let (profile, base_url, options) = (OptionalText::new(profile)?, OptionalText::new(base_url)?, options.raw()?);
        Json::made_by(|out, error| unsafe {
            let (profile, base_url) = (profile.as_ptr(), base_url.as_ptr());
            sys::filestore_unsend(self.as_ptr(), id.as_ptr(), profile, base_url, options.as_ptr(), out, error)
        })
    }

    /// Forgets the damaged rows of copies, of one file or of all. What they name may stay at the provider.
    pub fn forget_damaged(&self, id: Option<&FileId>, options: &CallOptions) -> Result<Json> {
        let options = CallOptions { forget_damaged: true, ..options.clone() }.raw()?;
        let id = id.map_or(ptr::null(), FileId::as_ptr);
        Json::made_by(|out, error| unsafe {
            sys::filestore_unsend(self.as_ptr(), id, ptr::null(), ptr::null(), options.as_ptr(), out, error)
        })
    }

    /// Removes what is to be removed, and finds out what became of interrupted sends.
    pub fn settle(&self, options: &CallOptions) -> Result<Json> {
        let options = options.raw()?;
        Json::made_by(|out, error| unsafe { sys::filestore_settle(self.as_ptr(), options.as_ptr(), out, error) })
    }

    /// As [`Exporter::send`].
    pub fn send_async(&self, id: &FileId, profile: &str, options: &SendOptions) -> Call<Json> {
        with(text(profile), |profile| {
            Call::begin(
                own_token(&options.limits.cancel),
                |token| {
                    let options = options.clone().cancel(token);
                    Ok((options.raw()?, options))
                },
                // SAFETY: what is kept lives until `done` is called.
                |kept, done, context, err| unsafe {
                    let raw = (*kept).0.as_ptr();
                    sys::filestore_send_async(self.as_ptr(), id.as_ptr(), profile.as_ptr(), raw, done, context, err)
                },
                |answer, _| answer.outcome().and_then(|_| answer.json()),
            )
        })
    }

    /// As [`Exporter::copies`].
    pub fn copies_async(&self, id: Option<&FileId>, after: i64, limit: u32, options: &CallOptions) -> Call<Json> {
        let id = id.map_or(ptr::null(), FileId::as_ptr);
        ask(options, Answer::json, |raw, done, context, err| unsafe {
            sys::filestore_copies_async(self.as_ptr(), id, after, limit, raw, done, context, err)
        })
    }

    /// As [`Exporter::unsend`].
    pub fn unsend_async(
        &self,
        id: &FileId,
        profile: Option<&str>,
        base_url: Option<&str>,
        options: &CallOptions,
    ) -> Call<Json> {
        let texts = OptionalText::new(profile).and_then(|profile| Ok((profile, OptionalText::new(base_url)?)));
        with(texts, |(profile, base_url)| {
            ask(options, Answer::json, |raw, done, context, err| unsafe {
                let (exporter, profile, base_url) = (self.as_ptr(), profile.as_ptr(), base_url.as_ptr());
                sys::filestore_unsend_async(exporter, id.as_ptr(), profile, base_url, raw, done, context, err)
            })
        })
    }

    /// As [`Exporter::settle`].
    pub fn settle_async(&self, options: &CallOptions) -> Call<Json> {
        ask(options, Answer::json, |raw, done, context, err| unsafe {
            sys::filestore_settle_async(self.as_ptr(), raw, done, context, err)
        })
    }
}
