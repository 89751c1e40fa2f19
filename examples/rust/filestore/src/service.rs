//! A service: what stores files.

use crate::ffi::{check, end_outside_of_callbacks, handle, path_text, text_of};
use crate::options::Kept;
use crate::presign::time_of;
use crate::{Backend, Options, Result};
use filestore_sys as sys;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

handle!(ServiceHandle, filestore_service, filestore_close);

// SAFETY: convention 9 of filestore.h: a service may be used by any number of threads at once.
unsafe impl Send for ServiceHandle {}
unsafe impl Sync for ServiceHandle {}

/// The handle goes before what its callbacks use.
struct Opened {
    handle: ServiceHandle,
    kept: Kept,
}

struct Inner(Option<Opened>);

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(opened) = self.0.take() {
            end_outside_of_callbacks(opened);
        }
    }
}

/// Stores files: a stream goes in and comes out by ID. A resource; thread-safe. Clones are the same service, which is closed with the last of
/// them: what it still does is cancelled then, and futures end with [`Code::Cancelled`](crate::Code::Cancelled).
///
/// ```
/// use filestore::{Options, Service, UploadOptions};
/// # fn main() -> filestore::Result<()> {
/// # let directory = filestore::doc_directory();
/// let service = Service::open(&Options::local(&directory)?)?;
/// let id = service.upload_bytes(b"hello", &UploadOptions::new().path("hello.txt").metadata("owner", "ada"))?;
/// let info = service.metadata(&id, &Default::default())?;
/// assert_eq!((info.size, info.path.as_str()), (5, "hello.txt"));
/// assert_eq!(info.metadata.get("owner").unwrap().as_str(), Some("ada"));
/// assert!(service.delete(&id, &Default::default())?);
/// assert!(!service.exists(&id, &Default::default())?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Service(Arc<Inner>);

impl fmt::Debug for Service {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("Service")
    }
}

impl Service {
    /// Opens a service. It uses no network and starts no thread until a call needs one.
    pub fn open(options: &Options) -> Result<Service> {
        // SAFETY: the options live as long as the call, and their callbacks as long as the service.
        let handle = ServiceHandle::make(|out, error| unsafe { sys::filestore_open(options.as_ptr(), out, error) })?;
        Ok(Service::new(handle, options.kept()))
    }

    /// Opens a service as a `storage.yaml` tells.
    pub fn open_config(path: impl AsRef<Path>) -> Result<Service> {
        let path = path_text(path.as_ref())?;
        // SAFETY: the path lives as long as the call.
        let handle =
            ServiceHandle::make(|out, error| unsafe { sys::filestore_open_config(path.as_ptr(), out, error) })?;
        Ok(Service::new(handle, Kept::new()))
    }

    /// Opens a service on a backend. The option `catalogue_path` must be set; "off": nothing is recorded.
    pub fn open_on(backend: &Backend, options: &Options) -> Result<Service> {
        // SAFETY: as in open().
        let handle = ServiceHandle::make(|out, error| unsafe {
            sys::filestore_open_on(backend.as_ptr(), options.as_ptr(), out, error)
        })?;
        let mut kept = options.kept();
        kept.push(backend.kept());
        Ok(Service::new(handle, kept))
    }

    fn new(handle: ServiceHandle, kept: Kept) -> Service {
        Service(Arc::new(Inner(Some(Opened { handle, kept }))))
    }

    fn opened(&self) -> &Opened {
        self.0 .0.as_ref().expect("a service is open until it is dropped")
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::filestore_service {
        self.opened().handle.as_ptr()
    }

    pub(crate) fn kept(&self) -> Kept {
        self.opened().kept.clone()
    }

    /// Where the service records uploads and deletions; empty where it records nothing.
    pub fn catalogue_path(&self) -> String {
        // SAFETY: the text lives as long as the service.
        unsafe { text_of(sys::filestore_catalogue_path(self.as_ptr())) }
    }

    /// Has the service do by itself what is for programs that run for long: scheduled cleanups, and telling the audit project.
    pub fn start(&self) -> Result<()> {
        // SAFETY: the service lives.
        check(|error| unsafe { sys::filestore_start(self.as_ptr(), error) })
    }

    /// When the next scheduled cleanup is due.
    pub fn next_cleanup(&self) -> Result<Option<SystemTime>> {
        let mut at = 0;
        // SAFETY: the service lives.
        check(|error| unsafe { sys::filestore_next_cleanup(self.as_ptr(), &mut at, error) })?;
        Ok(Some(at).filter(|at| *at != 0).map(time_of))
    }

    /// Whether a project is told of what is recorded.
    pub fn has_audit_server(&self) -> bool {
        // SAFETY: the service lives.
        unsafe { sys::filestore_has_audit_server(self.as_ptr()) != 0 }
    }
}
