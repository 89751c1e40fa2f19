use crate::stores::{bytes, local_service, stores, unknown};
use filestore::doc::block_on;
use filestore::{Call, CallOptions, CancelToken, Code, DownloadOptions, PresignOptions, UploadOptions};
use std::error::Error as _;
use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};
use std::task::{Context, Poll, Wake};
use std::{fs, thread};

#[test]
fn every_call_can_be_awaited() {
    for store in stores() {
        let (service, none) = (store.open(), CallOptions::new());
        block_on(async {
            let content = bytes(200_000);
            let id = service.upload_bytes_async(content.clone(), &UploadOptions::new()).await.unwrap();
            assert!(
                service.download_bytes_async(&id, &DownloadOptions::new()).await.unwrap() == content,
                "{}",
                store.name
            );
            let (memory, length) =
                service.download_into_async(&id, vec![0; 200_000], &DownloadOptions::new()).await.unwrap();
            assert!(length == 200_000 && memory == content);
            let (copy, length) = service.download_async(&id, Vec::new(), &DownloadOptions::new()).await.unwrap();
            assert!(length == 200_000 && copy == content);
            assert!(service.exists_async(&id, &none).await.unwrap());
            assert_eq!(service.metadata_async(&id, &none).await.unwrap().size, 200_000);

            let id = service.upload_async(io::Cursor::new("by reader"), &UploadOptions::new()).await.unwrap();
            let path = store.directory.join("async");
            assert_eq!(service.download_path_async(&id, &path, &DownloadOptions::new()).await.unwrap(), 9);
            assert_eq!(fs::read(&path).unwrap(), b"by reader");
            service.upload_path_async(&path, &UploadOptions::new()).await.unwrap();
            service.upload_seekable_async(io::Cursor::new("seek"), &UploadOptions::new().size(4)).await.unwrap();
            let page = service.list_page_async(None, 0, &none).await.unwrap();
            assert_eq!(page.files.len(), 4);

            assert!(!service.undelete_async(&id, &none).await.unwrap());
            assert!(service.delete_async(&id, &none).await.unwrap());
            assert!(!service.delete_async(&id, &none).await.unwrap());
            let url = service.presign_async(&id, &PresignOptions::new()).await;
            assert_eq!(url.is_ok(), store.name == "s3");
        });
    }
}

#[test]
fn failures_come_by_the_future() {
    for store in stores() {
        let service = store.open();
        let missing = block_on(service.download_bytes_async(&unknown(), &DownloadOptions::new())).unwrap_err();
        assert_eq!(missing.code(), Code::NotFound, "{}", store.name);
        let start = block_on(service.upload_path_async("/does/not/exist", &UploadOptions::new())).unwrap_err();
        assert_eq!(start.code(), Code::NotFound);
        let nul = block_on(service.upload_path_async("a\0b", &UploadOptions::new())).unwrap_err();
        assert_eq!(nul.code(), Code::InvalidArgument);
    }
}

#[test]
fn many_at_once_are_all_answered() {
    for store in stores() {
        let service = store.open();
        let uploads: Vec<_> =
            (0..200).map(|size| service.upload_bytes_async(bytes(size), &UploadOptions::new())).collect();
        block_on(async {
            for (size, upload) in uploads.into_iter().enumerate() {
                let id = upload.await.unwrap();
                assert_eq!(service.metadata_async(&id, &CallOptions::new()).await.unwrap().size, size as u64);
            }
        });
        assert_eq!(service.files().count(), 200, "{}", store.name);
    }
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll<T>(call: &mut Call<T>, count: &Arc<Count>) -> Poll<filestore::Result<T>> {
    Pin::new(call).poll(&mut Context::from_waker(&count.clone().into()))
}

/// Waits inside a read until it is let go, then gives an end or for ever.
struct Gate {
    begun: mpsc::Sender<()>,
    go: mpsc::Receiver<()>,
    /// Whose end tells that the library has let go of the reader.
    _held: Arc<()>,
}

fn gate() -> (Gate, mpsc::Receiver<()>, mpsc::Sender<()>, Arc<()>) {
    let ((begun, has_begun), (go, wait), held) = (mpsc::channel(), mpsc::channel(), Arc::new(()));
    (Gate { begun, go: wait, _held: held.clone() }, has_begun, go, held)
}

impl Read for Gate {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.begun.send(());
        let _ = self.go.recv();
        Ok(0)
    }
}

#[test]
fn the_last_waker_is_woken_once() {
    let service = local_service();
    let (reader, has_begun, go, _held) = gate();
    let mut call = service.upload_async(reader, &UploadOptions::new());
    let (first, last) = (Arc::new(Count(AtomicUsize::new(0))), Arc::new(Count(AtomicUsize::new(0))));
    assert!(poll(&mut call, &first).is_pending());
    assert!(poll(&mut call, &last).is_pending());
    assert!(poll(&mut call, &last).is_pending());
    has_begun.recv().unwrap();
    drop(go);
    block_on(call).unwrap();
    assert_eq!(first.0.load(Ordering::SeqCst), 0);
    assert!(last.0.load(Ordering::SeqCst) <= 1);
}

#[test]
fn a_future_that_is_dropped_cancels_and_frees_what_it_had() {
    for store in stores() {
        let service = store.open();
        let (reader, has_begun, go, held) = gate();
        let call = service.upload_async(reader, &UploadOptions::new());
        has_begun.recv().unwrap();
        drop(call);
        // The reader is still inside its callback: it must live until the library has let go of it.
        assert_eq!(Arc::strong_count(&held), 2, "{}", store.name);
        drop(go);
        while Arc::strong_count(&held) > 1 {
            thread::yield_now();
        }
        assert_eq!(service.files().count(), 0, "{}", store.name);
    }
}

#[test]
fn memory_of_a_download_that_is_dropped_outlives_it() {
    for store in stores() {
        let service = store.open();
        let id = service.upload_bytes(bytes(1_000_000), &UploadOptions::new()).unwrap();
        for _ in 0..50 {
            drop(service.download_into_async(&id, vec![0; 1_000_000], &DownloadOptions::new()));
        }
    }
}

#[test]
fn a_canceller_ends_the_call() {
    let service = local_service();
    let (reader, has_begun, go, _held) = gate();
    let call = service.upload_async(reader, &UploadOptions::new());
    has_begun.recv().unwrap();
    call.canceller().unwrap().cancel();
    drop(go);
    assert_eq!(block_on(call).unwrap_err().code(), Code::Cancelled);
}

#[test]
fn a_token_of_the_options_is_refused() {
    let token = CancelToken::new().unwrap();
    let call = local_service().upload_bytes_async(b"x", &UploadOptions::new().cancel(&token));
    assert!(call.canceller().is_none());
    assert_eq!(block_on(call).unwrap_err().code(), Code::InvalidArgument);
}

#[test]
fn the_end_of_the_service_ends_its_futures() {
    for store in stores() {
        let service = store.open();
        let (reader, has_begun, go, _held) = gate();
        let call = service.upload_async(reader, &UploadOptions::new());
        has_begun.recv().unwrap();
        let closing = thread::spawn(move || drop(service));
        drop(go);
        closing.join().unwrap();
        let outcome = block_on(call);
        assert!(outcome.map_or_else(|error| error.code() == Code::Cancelled, |_| true), "{}", store.name);
    }
}

#[test]
fn panics_of_readers_and_wakers_stay_on_their_side() {
    struct Bad;
    impl Read for Bad {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("later")
        }
    }
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("waking")
        }
    }
    let service = local_service();
    let error = block_on(service.upload_async(Bad, &UploadOptions::new())).unwrap_err();
    assert_eq!((error.code(), error.source().unwrap().to_string().as_str()), (Code::SourceFailed, "panicked: later"));

    let (reader, has_begun, go, _held) = gate();
    let mut call = service.upload_async(reader, &UploadOptions::new());
    has_begun.recv().unwrap();
    assert!(Pin::new(&mut call).poll(&mut Context::from_waker(&Arc::new(Bad).into())).is_pending());
    drop(go);
    while Pin::new(&mut call).poll(&mut Context::from_waker(&Arc::new(Count(AtomicUsize::new(0))).into())).is_pending()
    {
        thread::yield_now();
    }
}
