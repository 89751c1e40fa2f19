//! Progress, cancelling and pausing.

use crate::stores::{bytes, local_service, stores};
use filestore::{CancelToken, Code, DownloadOptions, Pause, UploadOptions};
use std::error::Error as _;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc};
use std::thread;

const SIZE: usize = 300_000;

#[test]
fn progress_ends_with_all_bytes() {
    for store in stores() {
        let service = store.open();
        let (told, content) = (Arc::new(AtomicU64::new(0)), bytes(SIZE));
        let hear = |told: &Arc<AtomicU64>| {
            let told = told.clone();
            move |done, total| {
                assert_eq!(total, Some(SIZE as u64));
                assert!(told.swap(done, Ordering::SeqCst) <= done);
            }
        };
        let id = service.upload_bytes(&content, &UploadOptions::new().progress(hear(&told))).unwrap();
        assert_eq!(told.load(Ordering::SeqCst), SIZE as u64, "{}", store.name);
        let told = Arc::new(AtomicU64::new(0));
        service.download_bytes(&id, &DownloadOptions::new().progress(hear(&told))).unwrap();
        assert_eq!(told.load(Ordering::SeqCst), SIZE as u64, "{}", store.name);
    }
}

/// Gives bytes for ever, and says when it was asked first.
struct Endless(Option<mpsc::Sender<()>>);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(begun) = self.0.take() {
            begun.send(()).unwrap();
        }
        let length = buffer.len().min(1000);
        thread::sleep(std::time::Duration::from_millis(1));
        Ok(length)
    }
}

#[test]
fn another_thread_can_cancel_an_upload() {
    for store in stores() {
        let service = store.open();
        let token = CancelToken::new().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let error = thread::scope(|scope| {
            let upload = scope.spawn(|| service.upload(Endless(Some(begun)), &UploadOptions::new().cancel(&token)));
            has_begun.recv().unwrap();
            token.cancel();
            upload.join().unwrap().unwrap_err()
        });
        assert_eq!(error.code(), Code::Cancelled, "{}", store.name);
        assert_eq!(service.files().count(), 0);
    }
}

#[test]
fn a_token_ends_what_begins_after_it() {
    let service = local_service();
    let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    let token = CancelToken::new().unwrap();
    token.cancel();
    token.cancel();
    let error = service.download_bytes(&id, &DownloadOptions::new().cancel(&token)).unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    assert_eq!(service.exists(&id, &filestore::CallOptions::new().cancel(&token)).unwrap_err().code(), Code::Cancelled);
}

#[test]
fn a_paused_upload_goes_on_where_it_was() {
    let service = local_service();
    let pause = Pause::new().unwrap();
    pause.set(true);
    assert!(pause.is_set());
    let (ended, has_ended) = mpsc::channel();
    thread::scope(|scope| {
        let (service, options) = (&service, UploadOptions::new().pause(&pause));
        scope.spawn(move || ended.send(service.upload_bytes(b"x", &options)).unwrap());
        assert!(has_ended.try_recv().is_err());
        pause.set(false);
        has_ended.recv().unwrap().unwrap();
    });
}

#[test]
fn a_download_tells_of_its_file_first() {
    for store in stores() {
        let service = store.open();
        let id = service.upload_bytes(b"four", &UploadOptions::new().path("a.txt")).unwrap();
        let heard = Arc::new(AtomicU64::new(0));
        let hear = heard.clone();
        let options = DownloadOptions::new().range(1, 2).info(move |info| {
            assert_eq!(info.path, "a.txt");
            hear.fetch_add(info.size, Ordering::SeqCst);
            Ok(())
        });
        assert_eq!(service.download_bytes(&id, &options).unwrap(), b"ou", "{}", store.name);
        assert_eq!(heard.load(Ordering::SeqCst), 4);
        let refuse = DownloadOptions::new().info(|info| Err(format!("{} is too large", info.size).into()));
        for error in [
            service.download_bytes(&id, &refuse).unwrap_err(),
            service.download(&id, Vec::new(), &refuse).unwrap_err(),
            filestore::doc::block_on(service.download_bytes_async(&id, &refuse)).unwrap_err(),
        ] {
            assert_eq!(error.source().unwrap().to_string(), "4 is too large", "{}", store.name);
        }
    }
}
