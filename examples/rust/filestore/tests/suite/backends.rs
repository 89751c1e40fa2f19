//! A backend in Rust, the one of the example program.

use crate::stores::{local, unknown};
use filestore::doc::block_on;
use filestore::{
    Ability, Backend, CallOptions, Code, Description, DownloadOptions, Error, FileId, Listing, PresignOptions, Request,
    Result, Service, StorageBackend, UploadOptions,
};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

#[path = "../../examples/memory/store.rs"]
pub mod store;

use store::MemoryStore;

fn service_on(backend: &Backend) -> Service {
    let mut options = local().options();
    options.set("catalogue_path", "off").unwrap();
    Service::open_on(backend, &options).unwrap()
}

#[test]
fn a_service_stands_on_a_backend_in_rust() {
    let backend = Backend::custom(MemoryStore::default(), None).unwrap();
    let service = service_on(&backend);
    let id = service.upload(&b"in memory"[..], &UploadOptions::new().path("a.txt").metadata("k", "v")).unwrap();
    assert_eq!(service.download_bytes(&id, &DownloadOptions::new().range(3, None)).unwrap(), b"memory");
    let info = service.metadata(&id, &CallOptions::new()).unwrap();
    assert_eq!((info.size, info.path.as_str(), info.metadata.get("k").unwrap().as_str()), (9, "a.txt", Some("v")));
    assert_eq!(block_on(service.download_bytes_async(&id, &DownloadOptions::new())).unwrap(), b"in memory");
    for _ in 0..4 {
        service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    }
    assert_eq!(service.list_page(None, 2, &CallOptions::new()).unwrap().files.len(), 2);
    assert_eq!(service.files().count(), 5);
    assert!(service.delete(&id, &CallOptions::new()).unwrap());
    assert!(!service.exists(&id, &CallOptions::new()).unwrap());
    assert_eq!(service.metadata(&id, &CallOptions::new()).unwrap_err().code(), Code::NotFound);
    assert_eq!(service.presign(&id, &PresignOptions::new()).unwrap_err().code(), Code::Unsupported);
    assert_eq!(service.create_file(&UploadOptions::new()).unwrap_err().code(), Code::Unsupported);
    assert_eq!(backend.name(), "memory");
}

#[test]
fn it_compares_versions() {
    let backend = Backend::custom(MemoryStore::default(), None).unwrap();
    assert!(backend.can(Ability::CompareAndSwap) && backend.can(Ability::CompareAndDelete));
    let id = FileId::generate().unwrap();
    backend.upload_bytes(&id, b"first", &UploadOptions::new().create_only()).unwrap();
    assert_eq!(
        backend.upload_bytes(&id, b"x", &UploadOptions::new().create_only()).unwrap_err().code(),
        Code::AlreadyExists
    );
    let (_, version) = backend.metadata(&id, &CallOptions::new()).unwrap();
    backend.upload_bytes(&id, b"second", &UploadOptions::new().if_version(&version)).unwrap();
    let late = UploadOptions::new().if_version(&version);
    assert_eq!(backend.upload_bytes(&id, b"third", &late).unwrap_err().code(), Code::PreconditionFailed);
    let late = CallOptions::new().if_version(&version);
    assert_eq!(backend.delete(&id, &late).unwrap_err().code(), Code::PreconditionFailed);
    assert_eq!(backend.download_bytes(&id, &DownloadOptions::new()).unwrap(), b"second");
}

#[test]
fn an_upload_that_fails_leaves_nothing() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let service = service_on(&Backend::custom(MemoryStore::default(), None).unwrap());
    assert_eq!(service.upload(Broken, &UploadOptions::new()).unwrap_err().code(), Code::SourceFailed);
    assert_eq!(service.files().count(), 0);
}

/// Fails everywhere, and counts what of it is alive.
struct Hostile {
    panics: bool,
    alive: Arc<AtomicUsize>,
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        if !std::thread::panicking() {
            panic!("the end of a writer");
        }
    }
}

impl Hostile {
    fn fail<T>(&self) -> Result<T> {
        if self.panics {
            panic!("of {}", "fright");
        }
        Err(Error::new(Code::RateLimited, "not\u{1f4a5} so fast").retryable())
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
        if self.panics {
            panic!("the end of a backend");
        }
    }
}

impl StorageBackend for Hostile {
    type Reader = ();
    type Writer = Alive;

    fn describe(&self, _: &Request) -> Result<Description> {
        self.fail()
    }
    fn open_reader(&self, _: &Request) -> Result<((), u64)> {
        Ok(((), 10))
    }
    fn read(&self, _: &Request, _: &mut (), _: u64, _: &mut [u8]) -> Result<usize> {
        self.fail()
    }
    fn open_writer(&self, _: &Request) -> Result<Alive> {
        self.alive.fetch_add(1, Ordering::SeqCst);
        Ok(Alive(self.alive.clone()))
    }
    fn write(&self, _: &Request, _: &mut Alive, _: &[u8]) -> Result<()> {
        self.fail()
    }
    fn commit(&self, _: &Request, _: &mut Alive, _: u64) -> Result<()> {
        self.fail()
    }
    fn remove(&self, _: &Request) -> Result<bool> {
        self.fail()
    }
    fn list(&self, _: &Request) -> Result<Listing> {
        self.fail()
    }
}

#[test]
fn failures_and_panics_of_a_backend_are_failures_of_the_call() {
    for panics in [false, true] {
        let alive = Arc::new(AtomicUsize::new(1));
        let backend = Backend::custom(Hostile { panics, alive: alive.clone() }, None).unwrap();
        let (call, id) = (CallOptions::new(), unknown());
        for error in [
            backend.exists(&id, &call).unwrap_err(),
            backend.metadata(&id, &call).unwrap_err(),
            backend.download_bytes(&id, &DownloadOptions::new()).unwrap_err(),
            backend.upload_bytes(&id, b"x", &UploadOptions::new()).unwrap_err(),
            backend.upload_bytes(&id, b"", &UploadOptions::new()).unwrap_err(),
            backend.delete(&id, &call).unwrap_err(),
            backend.list_page(None, 0, &call).unwrap_err(),
        ] {
            if panics {
                assert_eq!(error.code(), Code::Internal);
                assert!(error.message().contains("panicked: of fright"), "{}", error);
            } else {
                assert_eq!((error.code(), error.is_retryable()), (Code::RateLimited, true));
                assert!(error.message().contains("not\u{1f4a5} so fast"), "{}", error);
            }
        }
        drop(backend);
        while alive.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn listings_that_cannot_be_right_are_refused() {
    struct Unordered;
    impl StorageBackend for Unordered {
        type Reader = ();
        type Writer = ();
        fn describe(&self, _: &Request) -> Result<Description> {
            Err(Error::new(Code::NotFound, "none"))
        }
        fn open_reader(&self, _: &Request) -> Result<((), u64)> {
            Err(Error::new(Code::NotFound, "none"))
        }
        fn read(&self, _: &Request, _: &mut (), _: u64, _: &mut [u8]) -> Result<usize> {
            Ok(0)
        }
        fn open_writer(&self, _: &Request) -> Result<()> {
            Ok(())
        }
        fn write(&self, _: &Request, _: &mut (), _: &[u8]) -> Result<()> {
            Ok(())
        }
        fn commit(&self, _: &Request, _: &mut (), _: u64) -> Result<()> {
            Ok(())
        }
        fn remove(&self, _: &Request) -> Result<bool> {
            Ok(false)
        }
        fn list(&self, _: &Request) -> Result<Listing> {
            let now = std::time::SystemTime::now();
            Ok(Listing { files: vec![(unknown(), 1, now), (unknown(), 1, now)], next: None })
        }
    }
    let backend = Backend::custom(Unordered, None).unwrap();
    assert_eq!(backend.list_page(None, 0, &CallOptions::new()).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(backend.name(), "custom");
    assert!(!backend.can(Ability::CompareAndSwap));
    let mut out = Vec::new();
    assert!(backend.download(&unknown(), &mut out, &DownloadOptions::new()).is_err());
    out.flush().unwrap();
}
