//! Old files, and when they are cleaned up.

use crate::ffi::{check, handle, text, text_of, OptionalText};
use crate::json::Json;
use crate::presign::{microseconds_of, time_of};
use crate::report::{Listener, Told};
use crate::{CallOptions, Code, FileId, Result, Service};
use filestore_sys as sys;
use std::os::raw::c_char;
use std::time::{Duration, SystemTime};

handle!(ScheduleHandle, filestore_schedule, filestore_schedule_destroy);

// SAFETY: convention 9 of filestore.h: schedules do not change, so any thread may read them.
unsafe impl Send for ScheduleHandle {}
unsafe impl Sync for ScheduleHandle {}

/// What became of an old file, or would become of it in a dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanedFile {
    /// Its ID.
    pub id: FileId,
    /// "removed", "already_gone", "kept", "failed" or "purged"; newer libraries may have more.
    pub outcome: String,
    /// Why it was kept or what failed; else empty.
    pub reason: String,
}

impl CleanedFile {
    /// # Safety
    /// The texts live for the time of the call.
    pub(crate) unsafe fn read(id: *const c_char, outcome: *const c_char, reason: *const c_char) -> Result<CleanedFile> {
        Ok(CleanedFile { id: FileId::read(id)?, outcome: text_of(outcome), reason: text_of(reason) })
    }
}

/// How a cleanup is done. A value.
#[derive(Clone, Debug)]
pub struct CleanupOptions {
    pub(crate) days: u32,
    pub(crate) is_dry_run: bool,
    pub(crate) call: CallOptions,
}

impl CleanupOptions {
    /// Of the files that were stored more than `days` days ago (1 to 36500).
    pub fn older_than_days(days: u32) -> CleanupOptions {
        CleanupOptions { days, is_dry_run: false, call: CallOptions::new() }
    }

    /// Nothing is removed: it tells what would be.
    pub fn dry_run(mut self) -> Self {
        self.is_dry_run = true;
        self
    }

    /// Limit and token.
    pub fn call(mut self, options: &CallOptions) -> Self {
        self.call = CallOptions { limits: options.limits.clone(), ..self.call };
        self
    }

    /// Goes on where the store holds nothing of what is recorded, and records what is gone as deleted.
    pub fn accept_missing(mut self) -> Self {
        self.call.accept_missing = true;
        self
    }

    /// Uploads in parts that have not ended for so long are ended, too; 7 days where it is not set.
    pub fn uploads_older_than(mut self, age: Duration) -> Self {
        self.call.uploads_older_than = Some(age);
        self
    }

    /// The report tells what the store keeps of older versions.
    pub fn count_versions(mut self) -> Self {
        self.call.count_versions = true;
        self
    }
}

/// How many files a cleanup has seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanupCounts {
    /// Removed, or to be removed.
    pub removed: u64,
    /// Not to be removed now; the next run tries again.
    pub failed: u64,
    /// Deleted before, and now freed.
    pub purged: u64,
}

impl Service {
    /// Removes old files, and records that.
    pub fn cleanup(&self, options: &CleanupOptions) -> Result<CleanupCounts> {
        let (raw, mut removed, mut failed, mut purged) = (options.call.raw()?, 0, 0, 0);
        let (days, dry_run) = (options.days, options.is_dry_run.into());
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            let service = self.as_ptr();
            sys::filestore_cleanup(service, days, dry_run, raw.as_ptr(), &mut removed, &mut failed, &mut purged, error)
        })?;
        Ok(CleanupCounts { removed, failed, purged })
    }

    /// The same; `file` hears of each file, and an error of it ends the run. The report is a JSON object with numbers.
    pub fn cleanup_report(
        &self,
        options: &CleanupOptions,
        file: impl FnMut(CleanedFile) -> Told + Send,
    ) -> Result<Json> {
        let (raw, mut listener) = (options.call.raw()?, Listener::new(file));
        let (days, dry_run, context) = (options.days, options.is_dry_run.into(), listener.as_context());
        // SAFETY: all arguments live as long as the call, and the callback gets the listener that it is for.
        let report = Json::made_by(|out, error| unsafe {
            let hear = Some(listener.cleaned_file());
            sys::filestore_cleanup_report(self.as_ptr(), days, dry_run, hear, context, raw.as_ptr(), out, error)
        });
        listener.explain(report)
    }
}

/// A cron expression in a time zone. A resource; it does not change.
///
/// ```
/// # fn main() -> filestore::Result<()> {
/// use std::time::{Duration, UNIX_EPOCH};
/// let nightly = filestore::Schedule::new("30 2 * * *", Some("Europe/Berlin"))?;
/// let next = nightly.next(UNIX_EPOCH)?.unwrap();
/// assert_eq!(next, UNIX_EPOCH + Duration::from_secs(90 * 60));
/// # Ok(())
/// # }
/// ```
pub struct Schedule(ScheduleHandle);

impl Schedule {
    /// Five fields, or @yearly, @monthly, @weekly, @daily, @hourly; a zone such as "Europe/Berlin", "UTC" (where none is given) or "local".
    pub fn new(expression: &str, time_zone: Option<&str>) -> Result<Schedule> {
        let (expression, zone) = (text(expression)?, OptionalText::new(time_zone)?);
        // SAFETY: the texts live as long as the call.
        let handle = ScheduleHandle::make(|out, error| unsafe {
            sys::filestore_schedule_create(expression.as_ptr(), zone.as_ptr(), out, error)
        })?;
        Ok(Schedule(handle))
    }

    /// The first time that is later than `after`; nothing before the year 9999 where there is none.
    pub fn next(&self, after: SystemTime) -> Result<Option<SystemTime>> {
        let mut at = 0;
        // SAFETY: the schedule lives.
        match check(|error| unsafe {
            sys::filestore_schedule_next(self.0.as_ptr(), microseconds_of(after), &mut at, error)
        }) {
            Ok(()) => Ok(Some(time_of(at))),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.write_str("Schedule")
    }
}
