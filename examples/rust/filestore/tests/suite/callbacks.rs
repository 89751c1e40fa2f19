//! Panics, and calls that are made where none may wait.

use crate::stores::{local, stores};
use filestore::{CallOptions, CleanupOptions, Code, DownloadOptions, Service, UploadOptions, VerifyOptions};
use std::error::Error as _;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

struct Panicking;

impl Read for Panicking {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("reading is {}", "hard")
    }
}

impl Seek for Panicking {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

impl Write for Panicking {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        std::panic::panic_any(7)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_panic_of_a_stream_is_a_failure_of_the_call() {
    for store in stores() {
        let service = store.open();
        for error in [
            service.upload(Panicking, &UploadOptions::new()).unwrap_err(),
            service.upload_seekable(Panicking, &UploadOptions::new().size(5)).unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::SourceFailed, "{}", store.name);
            assert_eq!(error.source().unwrap().to_string(), "panicked: reading is hard");
        }
        let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
        let error = service.download(&id, Panicking, &DownloadOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::SinkFailed);
        assert_eq!(error.source().unwrap().to_string(), "panicked: a value that is no text");
    }
}

#[test]
fn a_panic_of_a_listener_changes_nothing() {
    let store = local();
    let mut options = store.options();
    options.set("type_policy", "warn").unwrap();
    options.on_warning(|_| panic!("a warning")).unwrap();
    let service = Service::open(&options).unwrap();
    let upload = UploadOptions::new().path("a.pdf").content_type("image/png").progress(|_, _| panic!("progress"));
    let id = service.upload_bytes(b"bytes", &upload).unwrap();
    assert!(service.exists(&id, &CallOptions::new()).unwrap());
}

#[test]
fn who_hears_of_files_can_end_the_run() {
    let store = local();
    let service = store.open();
    let id = service.upload_bytes(b"whole", &UploadOptions::new()).unwrap();
    std::fs::write(store.directory.join("store").join(id.as_str()), "spoil").unwrap();

    let error = service.verify(&VerifyOptions::new(), |_| Err("enough".into())).unwrap_err();
    assert_eq!((error.code(), error.source().unwrap().to_string().as_str()), (Code::SinkFailed, "enough"));
    let error = service.verify(&VerifyOptions::new(), |_| panic!("a finding")).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "panicked: a finding");
    let cleanup = CleanupOptions::older_than_days(1);
    service.cleanup_report(&cleanup, |_| panic!("nothing is old")).unwrap();
}

#[test]
fn a_blocking_call_in_a_callback_is_refused() {
    struct Nested(Service, Arc<Mutex<Option<Code>>>);
    impl Read for Nested {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let error = self.0.upload_bytes(b"nested", &UploadOptions::new()).unwrap_err();
            *self.1.lock().unwrap() = Some(error.code());
            Ok(0)
        }
    }
    for store in stores() {
        let (service, code) = (store.open(), Arc::new(Mutex::new(None)));
        service.upload(Nested(service.clone(), code.clone()), &UploadOptions::new()).unwrap();
        assert_eq!(*code.lock().unwrap(), Some(Code::WouldDeadlock), "{}", store.name);
    }
}

#[test]
fn a_service_may_end_in_its_own_callback() {
    struct Owner(Option<Service>);
    impl Read for Owner {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.0 = None;
            Ok(0)
        }
    }
    let store = local();
    let mut options = store.options();
    options.on_warning(|_| {}).unwrap();
    let service = Service::open(&options).unwrap();
    let call = service.upload_async(Owner(Some(service.clone())), &UploadOptions::new());
    drop((service, options));
    let outcome = filestore::doc::block_on(call);
    assert!(outcome.map_or_else(|error| error.code() == Code::Cancelled, |_| true));
}
