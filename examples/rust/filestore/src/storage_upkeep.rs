//! What backends of the program's own do with many files, or with the whole store.

use crate::ffi::{check, text, text_of};
use crate::storage::{answer, Request, StorageBackend};
use crate::storage_pieces::tell_ids;
use crate::{Code, Error, FileId, Result};
use filestore_sys as sys;
use std::os::raw::c_void;
use std::time::Duration;

/// What became of a file of a batch. A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Whether it was there.
    pub removed: bool,
    /// The storage keeps its bytes as an older version.
    pub keeps_version: bool,
}

/// How a whole run went; what was found is counted by itself. A value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Looked at.
    pub files: u64,
    /// Read.
    pub bytes: u64,
    /// Of the files: those without a checksum.
    pub unchecked: u64,
    /// Recorded as stored, and in the quarantine since an earlier run.
    pub in_quarantine: u64,
    /// That may still be on their way to be stored.
    pub under_way: u64,
}

/// What is kept of older versions. A value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptVersions {
    /// How many.
    pub versions: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Markers of removed files of which no version is left.
    pub orphan_markers: u64,
}

/// What a backend can do beside single files: [`StorageBackend::upkeep`].
pub trait Upkeep: Send + Sync {
    /// Removes the files of [`Request::files`], as far as their versions allow it; what became of each, in their order. An error of its own is that of the whole batch.
    fn remove_batch(&self, request: &Request) -> Result<Vec<Result<Removal>>>;

    /// Takes back an upload that did not end well, whose file may be there or not.
    fn discard(&self, request: &Request) -> Result<()>;

    /// Reads every file, and tells which are damaged by [`Request::tell_finding`].
    fn verify(&self, _request: &Request) -> Result<Verified> {
        Err(Error::new(Code::Unsupported, "this backend cannot verify its files"))
    }

    /// Whether uploads that never ended may leave something, for `sweep_uploads`.
    fn leaves_uploads(&self) -> bool {
        false
    }

    /// Ends uploads that began longer ago than [`Request::older_than`], of [`Request::files`] or of all where these are none, unless [`Request::is_dry_run`]; tells which.
    fn sweep_uploads(&self, _request: &Request) -> Result<Vec<FileId>> {
        Ok(Vec::new())
    }

    /// Counts what is kept of older versions.
    fn kept_versions(&self, _request: &Request) -> Result<KeptVersions> {
        Ok(KeptVersions::default())
    }
}

impl Request<'_> {
    /// Of batches and sweeps: the files, and of batches the version that each must have.
    pub fn files(&self) -> Result<Vec<(FileId, Option<String>)>> {
        // SAFETY: the call is at work, as in all that follows.
        let count = unsafe { sys::filestore_backend_call_id_count(self.as_ptr()) };
        (0..count)
            .map(|index| unsafe {
                let version = text_of(sys::filestore_backend_call_if_version_at(self.as_ptr(), index));
                let id = FileId::read(sys::filestore_backend_call_id_at(self.as_ptr(), index))?;
                Ok((id, Some(version).filter(|version| !version.is_empty())))
            })
            .collect()
    }

    /// Of sweeps: how long ago an upload was begun at least that is to be ended.
    pub fn older_than(&self) -> Duration {
        Duration::from_secs(unsafe { sys::filestore_backend_call_older_than(self.as_ptr()) })
    }

    /// Of sweeps: whether nothing is to be ended.
    pub fn is_dry_run(&self) -> bool {
        unsafe { sys::filestore_backend_call_dry_run(self.as_ptr()) != 0 }
    }

    /// Of verifying: whether what is damaged is to be moved to a quarantine.
    pub fn repairs(&self) -> bool {
        unsafe { sys::filestore_backend_call_repair(self.as_ptr()) != 0 }
    }

    /// Of verifying: whether a run that was ended is to be gone on with.
    pub fn resumes(&self) -> bool {
        unsafe { sys::filestore_backend_call_resume(self.as_ptr()) != 0 }
    }

    /// Of verifying: how many files to read at a time.
    pub fn parallel(&self) -> u32 {
        unsafe { sys::filestore_backend_call_parallel(self.as_ptr()) }
    }

    /// Of verifying: the next file behind `after` that a service has recorded as stored. One that is not there is "missing" if [`Request::is_recorded`] still says so.
    pub fn next_recorded(&self, after: Option<&FileId>) -> Result<Option<FileId>> {
        let after = after.map_or(std::ptr::null(), FileId::as_ptr);
        let mut id = [0; sys::FILESTORE_ID_SIZE as usize];
        check(|e| unsafe { sys::filestore_backend_call_next_recorded(self.as_ptr(), after, id.as_mut_ptr(), e) })?;
        if id[0] == 0 {
            return Ok(None);
        }
        unsafe { FileId::read(id.as_ptr()) }.map(Some)
    }

    /// Of verifying: whether a service has recorded the file as stored.
    pub fn is_recorded(&self, id: &FileId) -> Result<bool> {
        let mut recorded = 0;
        check(|e| unsafe { sys::filestore_backend_call_is_recorded(self.as_ptr(), id.as_ptr(), &mut recorded, e) })?;
        Ok(recorded != 0)
    }

    /// Of verifying: tells of damage ("corrupt", "missing", "orphaned" or "unreadable"). An error ends the run.
    pub fn tell_finding(&self, id: &FileId, damage: &str, what: &str, is_quarantined: bool) -> Result<()> {
        let (damage, what) = (text(damage)?, text(what)?);
        let (damage, what, quarantined) = (damage.as_ptr(), what.as_ptr(), is_quarantined.into());
        check(|e| unsafe {
            sys::filestore_backend_call_add_finding(self.as_ptr(), id.as_ptr(), damage, what, quarantined, e)
        })
    }

    /// Of verifying: tells how far the run is. It may be called for every file.
    pub fn tell_progress(&self, files: u64, total: Option<u64>, bytes: u64) {
        let total = total.unwrap_or(sys::FILESTORE_UNKNOWN_SIZE);
        unsafe { sys::filestore_backend_call_tell_progress(self.as_ptr(), files, total, bytes) }
    }
}

/// The functions of a table, of a backend that has upkeep.
pub(crate) fn add_to<B: StorageBackend>(upkeep: &dyn Upkeep, table: &mut sys::filestore_backend_table) {
    table.remove_batch = Some(remove_batch::<B>);
    table.discard = Some(discard::<B>);
    table.verify = Some(verify::<B>);
    table.kept_versions = Some(kept_versions::<B>);
    if upkeep.leaves_uploads() {
        table.sweep_uploads = Some(sweep_uploads::<B>);
    }
}

fn upkeep<B: StorageBackend>(backend: &B) -> Result<&dyn Upkeep> {
    backend.upkeep().ok_or_else(|| Error::new(Code::Unsupported, "this backend has no upkeep"))
}

/// # Safety
/// As of answer().
unsafe fn set_outcome(call: *mut sys::filestore_backend_call, index: usize, outcome: Result<Removal>) -> Result<()> {
    let (code, removal, message) = match outcome {
        Ok(removal) => (sys::FILESTORE_OK, removal, text("")?),
        Err(error) => (error.code().number(), Removal { removed: false, keeps_version: false }, text(error.message())?),
    };
    let (removed, keeps) = (removal.removed.into(), removal.keeps_version.into());
    check(|e| sys::filestore_backend_call_set_outcome(call, index, code, removed, keeps, message.as_ptr(), e))
}

unsafe extern "C" fn remove_batch<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
) -> i32 {
    answer(
        context,
        call,
        |backend: &B, request| upkeep(backend)?.remove_batch(request),
        |outcomes| outcomes.into_iter().enumerate().try_for_each(|(index, outcome)| set_outcome(call, index, outcome)),
    )
}

unsafe extern "C" fn discard<B: StorageBackend>(context: *mut c_void, call: *mut sys::filestore_backend_call) -> i32 {
    answer(context, call, |backend: &B, request| upkeep(backend)?.discard(request), Ok)
}

unsafe extern "C" fn verify<B: StorageBackend>(context: *mut c_void, call: *mut sys::filestore_backend_call) -> i32 {
    answer(
        context,
        call,
        |backend: &B, request| upkeep(backend)?.verify(request),
        |run| {
            check(|error| {
                sys::filestore_backend_call_set_verified(
                    call,
                    run.files,
                    run.bytes,
                    run.unchecked,
                    run.in_quarantine,
                    run.under_way,
                    error,
                )
            })
        },
    )
}

unsafe extern "C" fn sweep_uploads<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
) -> i32 {
    answer(context, call, |backend: &B, request| upkeep(backend)?.sweep_uploads(request), |ids| tell_ids(call, &ids))
}

unsafe extern "C" fn kept_versions<B: StorageBackend>(
    context: *mut c_void,
    call: *mut sys::filestore_backend_call,
) -> i32 {
    answer(
        context,
        call,
        |backend: &B, request| upkeep(backend)?.kept_versions(request),
        |kept| check(|e| sys::filestore_backend_call_set_kept(call, kept.versions, kept.bytes, kept.orphan_markers, e)),
    )
}
