//! Backends as wholes: many files at once, and what uploads and older versions have left.

use crate::ffi::check;
use crate::future::{ask, with, Answer};
use crate::{Backend, Call, CallOptions, Code, Error, FileId, Json, Result};
use filestore_sys as sys;
use std::ffi::CString;
use std::os::raw::c_char;
use std::ptr;
use std::time::Duration;

/// What became of a file of a batch. A value.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchOutcome {
    /// Its ID.
    pub id: FileId,
    /// Whether it was there, or true where the backend cannot tell.
    pub removed: Result<bool>,
    /// The store keeps the bytes as an older version, so no space is freed.
    pub keeps_version: bool,
}

/// Files of a batch, as C takes them.
struct Batch {
    ids: Vec<*const c_char>,
    versions: Vec<*const c_char>,
    _texts: Vec<CString>,
}

impl Batch {
    fn new(files: &[(FileId, Option<&str>)]) -> Result<Batch> {
        let ids = files.iter().map(|(id, _)| id.as_ptr()).collect();
        let texts =
            files.iter().map(|(_, version)| crate::ffi::text(version.unwrap_or(""))).collect::<Result<Vec<_>>>()?;
        let versions = texts.iter().map(|text| text.as_ptr()).collect();
        Ok(Batch { ids, versions, _texts: texts })
    }

    /// Stores that compare no versions refuse to be told any.
    fn versions(&self, files: &[(FileId, Option<&str>)]) -> *const *const c_char {
        match files.iter().any(|(_, version)| version.is_some()) {
            true => self.versions.as_ptr(),
            false => ptr::null(),
        }
    }
}

fn outcomes(json: Json) -> Result<Vec<BatchOutcome>> {
    json.as_array().unwrap_or(&[]).iter().map(outcome).collect()
}

fn outcome(json: &Json) -> Result<BatchOutcome> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let removed = match text("code") {
        None => Ok(json.get("removed") == Some(&Json::Bool(true))),
        Some(name) => {
            let code = Code::ALL.iter().copied().find(|code| code.name() == name).unwrap_or(Code::Internal);
            Err(Error::new(code, text("message").unwrap_or("")))
        }
    };
    let keeps_version = json.get("keeps_version") == Some(&Json::Bool(true));
    Ok(BatchOutcome { id: text("file_id").unwrap_or("").parse()?, removed, keeps_version })
}

fn ids(json: Json) -> Result<Vec<FileId>> {
    json.as_array().unwrap_or(&[]).iter().map(|id| id.as_str().unwrap_or("").parse()).collect()
}

fn with_age(options: &CallOptions, age: Option<Duration>) -> CallOptions {
    CallOptions { uploads_older_than: age, ..options.clone() }
}

impl Backend {
    /// Removes files, 1 to 1000, by as few requests as the store needs; each perhaps only as long as it is of a version. That one fails is no failure of the call.
    pub fn delete_batch(&self, files: &[(FileId, Option<&str>)], options: &CallOptions) -> Result<Vec<BatchOutcome>> {
        let (batch, raw) = (Batch::new(files)?, options.raw()?);
        let (ids, versions, count) = (batch.ids.as_ptr(), batch.versions(files), files.len());
        // SAFETY: all arguments live as long as the call, as in all that follows.
        outcomes(Json::made_by(|out, error| unsafe {
            sys::filestore_backend_delete_batch(self.as_ptr(), ids, versions, count, raw.as_ptr(), out, error)
        })?)
    }

    /// As [`Backend::delete_batch`].
    pub fn delete_batch_async(
        &self,
        files: &[(FileId, Option<&str>)],
        options: &CallOptions,
    ) -> Call<Vec<BatchOutcome>> {
        with(Batch::new(files), |batch| {
            let (ids, versions, count) = (batch.ids.as_ptr(), batch.versions(files), files.len());
            let take = |answer: &Answer| outcomes(answer.json()?);
            ask(options, take, |raw, done, context, err| unsafe {
                sys::filestore_backend_delete_batch_async(self.as_ptr(), ids, versions, count, raw, done, context, err)
            })
        })
    }

    /// Takes back an upload that did not end well, whose file may be there or not. Nobody uploads under the ID any more.
    pub fn discard(&self, id: &FileId, options: &CallOptions) -> Result<()> {
        let raw = options.raw()?;
        check(|error| unsafe { sys::filestore_backend_discard(self.as_ptr(), id.as_ptr(), raw.as_ptr(), error) })
    }

    /// As [`Backend::discard`].
    pub fn discard_async(&self, id: &FileId, options: &CallOptions) -> Call<()> {
        ask(options, Answer::outcome, |raw, done, context, err| unsafe {
            sys::filestore_backend_discard_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }

    /// Ends uploads in parts that have not ended for so long (7 days where nothing is said), or only tells of them; the IDs that they are of.
    pub fn sweep_uploads(&self, dry_run: bool, age: Option<Duration>, options: &CallOptions) -> Result<Vec<FileId>> {
        let raw = with_age(options, age).raw()?;
        ids(Json::made_by(|out, error| unsafe {
            sys::filestore_backend_sweep_uploads(self.as_ptr(), dry_run.into(), raw.as_ptr(), out, error)
        })?)
    }

    /// As [`Backend::sweep_uploads`].
    pub fn sweep_uploads_async(
        &self,
        dry_run: bool,
        age: Option<Duration>,
        options: &CallOptions,
    ) -> Call<Vec<FileId>> {
        let take = |answer: &Answer| ids(answer.json()?);
        ask(&with_age(options, age), take, |raw, done, context, err| unsafe {
            sys::filestore_backend_sweep_uploads_async(self.as_ptr(), dry_run.into(), raw, done, context, err)
        })
    }

    /// What the store keeps of older versions: a JSON object with `versions`, `bytes` and `orphan_markers`.
    pub fn kept_versions(&self, options: &CallOptions) -> Result<Json> {
        let raw = options.raw()?;
        Json::made_by(|out, error| unsafe {
            sys::filestore_backend_kept_versions(self.as_ptr(), raw.as_ptr(), out, error)
        })
    }

    /// As [`Backend::kept_versions`].
    pub fn kept_versions_async(&self, options: &CallOptions) -> Call<Json> {
        ask(options, Answer::json, |raw, done, context, err| unsafe {
            sys::filestore_backend_kept_versions_async(self.as_ptr(), raw, done, context, err)
        })
    }
}
