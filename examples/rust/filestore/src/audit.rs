//! The record of uploads and deletions, and who is told of it.

use crate::ffi::{check, OptionalText};
use crate::json::Json;
use crate::report::{Listener, Told};
use crate::{CallOptions, FileId, Options, Result, Service};
use filestore_sys as sys;
use std::ptr;

/// A file on which store, catalogue and project disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// Its ID.
    pub id: FileId,
    /// "unrecorded", "marked_deleted", "missing" or "untold"; newer libraries may have more.
    pub drift: String,
    /// Who says what, in a line.
    pub what: String,
    /// Whether the record now says what is in the store.
    pub is_repaired: bool,
}

/// A row of a damaged catalogue that cannot be read as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableRow {
    /// Its table.
    pub table: String,
    /// The ID of its file.
    pub file_id: String,
}

impl Service {
    /// Waits until the audit project was told all that had been recorded.
    pub fn flush(&self, options: &CallOptions) -> Result<()> {
        let options = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe { sys::filestore_flush(self.as_ptr(), options.as_ptr(), error) })
    }

    /// A JSON object with `pending`, `parked`, `delivered` and perhaps `oldest`.
    pub fn audit_status(&self, options: &CallOptions) -> Result<Json> {
        let options = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        Json::made_by(|out, error| unsafe { sys::filestore_audit_status(self.as_ptr(), options.as_ptr(), out, error) })
    }

    /// The first `limit` files behind `after` that the project refuses: a JSON array.
    pub fn parked(&self, after: Option<&FileId>, limit: u32, options: &CallOptions) -> Result<Json> {
        let (after, options) = (after.map_or(ptr::null(), FileId::as_ptr), options.raw()?);
        // SAFETY: all arguments live as long as the call.
        Json::made_by(|out, error| unsafe {
            sys::filestore_parked(self.as_ptr(), after, limit, options.as_ptr(), out, error)
        })
    }

    /// Has one parked file, or all, told again; how many.
    pub fn retry_parked(&self, id: Option<&FileId>, options: &CallOptions) -> Result<u64> {
        let (id, options, mut count) = (id.map_or(ptr::null(), FileId::as_ptr), options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe { sys::filestore_retry_parked(self.as_ptr(), id, options.as_ptr(), &mut count, error) })?;
        Ok(count)
    }

    /// What is recorded of a file: a JSON object with `file_id`, `file_path`, `metadata`, `uploaded_at` and `deleted_at`.
    pub fn history(&self, id: &FileId, options: &CallOptions) -> Result<Json> {
        let options = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        Json::made_by(|out, error| unsafe {
            sys::filestore_history(self.as_ptr(), id.as_ptr(), options.as_ptr(), out, error)
        })
    }

    /// A page of the files that are recorded as uploaded before a time (RFC 3339) and not as deleted: a JSON object with `files` and `next`.
    pub fn recorded_files(
        &self,
        before: Option<&str>,
        cursor: Option<&str>,
        limit: u32,
        options: &CallOptions,
    ) -> Result<Json> {
        let (before, cursor, options) = (OptionalText::new(before)?, OptionalText::new(cursor)?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        Json::made_by(|out, error| unsafe {
            let (before, cursor) = (before.as_ptr(), cursor.as_ptr());
            sys::filestore_recorded_files(self.as_ptr(), before, cursor, limit, options.as_ptr(), out, error)
        })
    }

    /// A page of the files that the catalogue has as stored, oldest or newest first; where there is a `key`, only those whose metadata has it.
    pub fn catalogued_files(
        &self,
        behind: Option<&FileId>,
        newest_first: bool,
        key: Option<&str>,
        limit: u32,
        options: &CallOptions,
    ) -> Result<Json> {
        let (behind, key, options) =
            (behind.map_or(ptr::null(), FileId::as_ptr), OptionalText::new(key)?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        Json::made_by(|out, error| unsafe {
            let (service, newest_first, key, options) =
                (self.as_ptr(), newest_first.into(), key.as_ptr(), options.as_ptr());
            sys::filestore_catalogued_files(service, behind, newest_first, key, limit, options, out, error)
        })
    }

    /// Finds where store, catalogue and project disagree, and repairs the records if asked to. An error of `drift` ends the run.
    pub fn reconcile(
        &self,
        repair: bool,
        drift: impl FnMut(Drift) -> Told + Send,
        options: &CallOptions,
    ) -> Result<Json> {
        let (options, mut listener) = (options.raw()?, Listener::new(drift));
        let context = listener.as_context();
        // SAFETY: all arguments live as long as the call, and the callback gets the listener that it is for.
        let report = Json::made_by(|out, error| unsafe {
            let hear = Some(listener.drift());
            sys::filestore_reconcile(self.as_ptr(), repair.into(), hear, context, options.as_ptr(), out, error)
        });
        listener.explain(report)
    }

    /// The catalogue is to have no project any more; of how many files something was dropped.
    pub fn forget_audit_server(&self, options: &CallOptions) -> Result<u64> {
        let (options, mut count) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_forget_audit_server(self.as_ptr(), options.as_ptr(), &mut count, error)
        })?;
        Ok(count)
    }
}

/// Takes what can still be read of a damaged catalogue into a new one: that of the service which [`Service::open`] would open. Nobody may have
/// it open.
pub fn salvage_catalogue(options: &Options, unreadable: impl FnMut(UnreadableRow) -> Told + Send) -> Result<Json> {
    let mut listener = Listener::new(unreadable);
    let context = listener.as_context();
    // SAFETY: all arguments live as long as the call, and the callback gets the listener that it is for.
    let report = Json::made_by(|out, error| unsafe {
        sys::filestore_salvage_catalogue(options.as_ptr(), Some(listener.unreadable_row()), context, out, error)
    });
    listener.explain(report)
}
