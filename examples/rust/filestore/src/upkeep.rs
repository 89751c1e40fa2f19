//! Records, cleanups and runs over a whole store as futures.

use crate::ffi::OptionalText;
use crate::future::{ask, own_token, with, Answer};
use crate::report::{Listener, Told};
use crate::{
    Backend, Call, CallOptions, CleanedFile, CleanupOptions, Drift, FileId, Finding, Json, Result, Service,
    VerifyOptions,
};
use filestore_sys as sys;
use std::ptr;

fn count(answer: &Answer) -> Result<u64> {
    Ok(answer.count())
}

fn id_or_null(id: Option<&FileId>) -> *const std::os::raw::c_char {
    id.map_or(ptr::null(), FileId::as_ptr)
}

macro_rules! verify {
    ($owner:ident, $function:ident) => {
        impl $owner {
            #[doc = concat!("As [`", stringify!($owner), "::verify`].")]
            pub fn verify_async(
                &self,
                options: &VerifyOptions,
                finding: impl FnMut(Finding) -> Told + Send + 'static,
            ) -> Call<Json> {
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| {
                        let options = options.clone().cancel(token);
                        Ok((Listener::new(finding), options.raw()?, options))
                    },
                    // SAFETY: what is kept lives until `done` is called, as in all that follows.
                    |kept, done, context, err| unsafe {
                        let (listener, raw, _) = &mut *kept;
                        let (hear, listener) = (Some(listener.finding()), listener.as_context());
                        let options = raw.as_ptr();
                        match sys::filestore_verify_options_set_finding(options, hear, listener, err) {
                            sys::FILESTORE_OK => sys::$function(self.as_ptr(), options, done, context, err),
                            code => code,
                        }
                    },
                    |answer, (mut listener, ..)| listener.explain(answer.outcome().and_then(|_| answer.json())),
                )
            }
        }
    };
}

verify!(Service, filestore_verify_async);
verify!(Backend, filestore_backend_verify_async);

impl Service {
    /// As [`Service::cleanup_report`].
    pub fn cleanup_report_async(
        &self,
        options: &CleanupOptions,
        file: impl FnMut(CleanedFile) -> Told + Send + 'static,
    ) -> Call<Json> {
        let (days, dry_run) = (options.days, options.is_dry_run.into());
        Call::begin(
            own_token(&options.call.limits.cancel),
            |token| Ok((Listener::new(file), options.call.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (listener, raw) = &mut *kept;
                let (hear, listener, raw) = (Some(listener.cleaned_file()), listener.as_context(), raw.as_ptr());
                let service = self.as_ptr();
                sys::filestore_cleanup_report_async(service, days, dry_run, hear, listener, raw, done, context, err)
            },
            |answer, (mut listener, _)| listener.explain(answer.outcome().and_then(|_| answer.json())),
        )
    }

    /// As [`Service::reconcile`].
    pub fn reconcile_async(
        &self,
        repair: bool,
        drift: impl FnMut(Drift) -> Told + Send + 'static,
        options: &CallOptions,
    ) -> Call<Json> {
        Call::begin(
            own_token(&options.limits.cancel),
            |token| Ok((Listener::new(drift), options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (listener, raw) = &mut *kept;
                let (hear, listener, raw) = (Some(listener.drift()), listener.as_context(), raw.as_ptr());
                sys::filestore_reconcile_async(self.as_ptr(), repair.into(), hear, listener, raw, done, context, err)
            },
            |answer, (mut listener, _)| listener.explain(answer.outcome().and_then(|_| answer.json())),
        )
    }

    /// As [`Service::sweep_uploads`].
    pub fn sweep_uploads_async(&self, options: &CallOptions) -> Call<u64> {
        ask(options, count, |raw, done, context, err| unsafe {
            sys::filestore_sweep_uploads_async(self.as_ptr(), raw, done, context, err)
        })
    }

    /// As [`Service::deleted_files`].
    pub fn deleted_files_async(&self, cursor: Option<&str>, limit: u32, options: &CallOptions) -> Call<Json> {
        with(OptionalText::new(cursor), |cursor| {
            ask(options, Answer::json, |raw, done, context, err| unsafe {
                sys::filestore_deleted_files_async(self.as_ptr(), cursor.as_ptr(), limit, raw, done, context, err)
            })
        })
    }

    /// As [`Service::flush`].
    pub fn flush_async(&self, options: &CallOptions) -> Call<()> {
        ask(options, Answer::outcome, |raw, done, context, err| unsafe {
            sys::filestore_flush_async(self.as_ptr(), raw, done, context, err)
        })
    }

    /// As [`Service::audit_status`].
    pub fn audit_status_async(&self, options: &CallOptions) -> Call<Json> {
        ask(options, Answer::json, |raw, done, context, err| unsafe {
            sys::filestore_audit_status_async(self.as_ptr(), raw, done, context, err)
        })
    }

    /// As [`Service::parked`].
    pub fn parked_async(&self, after: Option<&FileId>, limit: u32, options: &CallOptions) -> Call<Json> {
        ask(options, Answer::json, |raw, done, context, err| unsafe {
            sys::filestore_parked_async(self.as_ptr(), id_or_null(after), limit, raw, done, context, err)
        })
    }

    /// As [`Service::retry_parked`].
    pub fn retry_parked_async(&self, id: Option<&FileId>, options: &CallOptions) -> Call<u64> {
        ask(options, count, |raw, done, context, err| unsafe {
            sys::filestore_retry_parked_async(self.as_ptr(), id_or_null(id), raw, done, context, err)
        })
    }

    /// As [`Service::history`].
    pub fn history_async(&self, id: &FileId, options: &CallOptions) -> Call<Json> {
        ask(options, Answer::json, |raw, done, context, err| unsafe {
            sys::filestore_history_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }

    /// As [`Service::recorded_files`].
    pub fn recorded_files_async(
        &self,
        before: Option<&str>,
        cursor: Option<&str>,
        limit: u32,
        options: &CallOptions,
    ) -> Call<Json> {
        let texts = OptionalText::new(before).and_then(|before| Ok((before, OptionalText::new(cursor)?)));
        with(texts, |(before, cursor)| {
            ask(options, Answer::json, |raw, done, context, err| unsafe {
                let (service, before, cursor) = (self.as_ptr(), before.as_ptr(), cursor.as_ptr());
                sys::filestore_recorded_files_async(service, before, cursor, limit, raw, done, context, err)
            })
        })
    }

    /// As [`Service::catalogued_files`].
    pub fn catalogued_files_async(
        &self,
        behind: Option<&FileId>,
        newest_first: bool,
        key: Option<&str>,
        limit: u32,
        options: &CallOptions,
    ) -> Call<Json> {
        with(OptionalText::new(key), |key| {
            ask(options, Answer::json, |raw, done, context, err| unsafe {
                let (service, behind, newest_first) = (self.as_ptr(), id_or_null(behind), newest_first.into());
                let key = key.as_ptr();
                sys::filestore_catalogued_files_async(
                    service,
                    behind,
                    newest_first,
                    key,
                    limit,
                    raw,
                    done,
                    context,
                    err,
                )
            })
        })
    }

    /// As [`Service::forget_audit_server`].
    pub fn forget_audit_server_async(&self, options: &CallOptions) -> Call<u64> {
        ask(options, count, |raw, done, context, err| unsafe {
            sys::filestore_forget_audit_server_async(self.as_ptr(), raw, done, context, err)
        })
    }
}
