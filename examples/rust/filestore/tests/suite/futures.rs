use crate::stores::{bytes, local, local_service, stores, unknown};
use filestore::doc::block_on;
use filestore::{
    Backend, Call, CallOptions, CancelToken, CleanupOptions, Code, DownloadOptions, Exporter, ExporterOptions, FileId,
    Json, PresignOptions, SendOptions, UploadOptions, VerifyOptions,
};
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
fn backends_can_be_awaited() {
    for store in stores() {
        let (backend, none) = (Backend::open(&store.options()).unwrap(), CallOptions::new());
        let (id, upload, download) = (FileId::generate().unwrap(), UploadOptions::new(), DownloadOptions::new());
        block_on(async {
            backend.upload_bytes_async(&id, b"one", &upload).await.unwrap();
            let (info, version) = backend.metadata_async(&id, &none).await.unwrap();
            assert_eq!(info.size, 3, "{}", store.name);
            backend.upload_async(&id, io::Cursor::new("two"), &upload.clone().if_version(&version)).await.unwrap();
            backend.upload_seekable_async(&id, io::Cursor::new("three"), &upload).await.unwrap();
            assert_eq!(backend.download_bytes_async(&id, &download).await.unwrap(), b"three");
            let (copy, size) = backend.download_async(&id, Vec::new(), &download).await.unwrap();
            assert_eq!((copy.as_slice(), size), (&b"three"[..], 5));
            let path = store.directory.join("path");
            assert_eq!(backend.download_path_async(&id, &path, &download).await.unwrap(), 5);
            let other = FileId::generate().unwrap();
            backend.upload_path_async(&other, &path, &upload).await.unwrap();
            assert_eq!(backend.list_page_async(None, 0, &none).await.unwrap().files.len(), 2);
            assert_eq!(backend.presign_async(&id, &PresignOptions::new()).await.is_ok(), store.name == "s3");
            let report = backend.verify_async(&VerifyOptions::new(), |_| Ok(())).await.unwrap();
            assert_eq!(report.get("files").unwrap().as_u64(), Some(2));
            assert!(backend.delete_async(&other, &none).await.unwrap());
            let outcomes = backend.delete_batch_async(&[(id, None)], &none).await.unwrap();
            assert!(outcomes[0].id == id && *outcomes[0].removed.as_ref().unwrap());
            assert!(!backend.exists_async(&id, &none).await.unwrap());
            backend.discard_async(&id, &none).await.unwrap();
            if store.name == "s3" {
                assert_eq!(backend.sweep_uploads_async(true, None, &none).await.unwrap(), []);
            }
        });
    }
}

#[test]
fn records_and_upkeep_can_be_awaited() {
    for store in stores() {
        let (service, none) = (store.open(), CallOptions::new());
        let id = service.upload_bytes(b"x", &UploadOptions::new().metadata("k", "v")).unwrap();
        let files = |page: Json| page.get("files").unwrap().as_array().unwrap().len();
        block_on(async {
            let history = service.history_async(&id, &none).await.unwrap();
            assert_eq!(history.get("file_id").unwrap().as_str(), Some(id.as_str()), "{}", store.name);
            assert_eq!(files(service.recorded_files_async(None, None, 10, &none).await.unwrap()), 1);
            assert_eq!(files(service.catalogued_files_async(None, true, Some("k"), 10, &none).await.unwrap()), 1);
            assert_eq!(files(service.deleted_files_async(None, 10, &none).await.unwrap()), 0);
            assert_eq!(service.audit_status_async(&none).await.unwrap().get("pending").unwrap().as_u64(), Some(0));
            assert_eq!(service.parked_async(None, 10, &none).await.unwrap(), Json::Array(vec![]));
            assert_eq!(service.retry_parked_async(None, &none).await.unwrap(), 0);
            assert_eq!(service.forget_audit_server_async(&none).await.unwrap(), 0);
            assert_eq!(service.flush_async(&none).await.unwrap_err().code(), Code::Configuration);
            assert_eq!(service.sweep_uploads_async(&none).await.unwrap(), 0);
            service.reconcile_async(false, |drift| panic!("{:?}", drift), &none).await.unwrap();
            let cleanup = CleanupOptions::older_than_days(1);
            service.cleanup_report_async(&cleanup, |file| panic!("{:?}", file)).await.unwrap();
            let report = service.verify_async(&VerifyOptions::new(), |_| Ok(())).await.unwrap();
            assert_eq!(report.get("files").unwrap().as_u64(), Some(1));
            let exporter = Exporter::open(&service, &ExporterOptions::new().unwrap()).unwrap();
            assert_eq!(exporter.copies_async(Some(&id), 0, 10, &none).await.unwrap(), Json::Array(vec![]));
            exporter.unsend_async(&id, None, None, &none).await.unwrap();
            exporter.settle_async(&none).await.unwrap();
            let send = exporter.send_async(&id, "nobody", &SendOptions::new()).await;
            assert_eq!(send.unwrap_err().code(), Code::InvalidArgument);
        });
    }
}

#[test]
fn who_hears_of_damage_can_end_a_future() {
    let store = local();
    let service = store.open();
    let id = service.upload_bytes(b"whole", &UploadOptions::new()).unwrap();
    fs::write(store.directory.join("store").join(id.as_str()), "spoil").unwrap();
    let error = block_on(service.verify_async(&VerifyOptions::new(), |_| Err("enough".into()))).unwrap_err();
    assert_eq!((error.code(), error.source().unwrap().to_string().as_str()), (Code::SinkFailed, "enough"));
}

#[test]
fn pieces_can_be_awaited() {
    for store in stores() {
        let (service, none, options) = (store.open(), CallOptions::new(), UploadOptions::new());
        let path = store.directory.join("rest");
        fs::write(&path, "and more").unwrap();
        block_on(async {
            let id = service.begin_upload_async(&options.clone().path("pieces.txt")).await.unwrap();
            let offset = service.append_async(&id, 0, &b"some "[..], None, &options).await.unwrap();
            assert_eq!(offset, 5, "{}", store.name);
            let late = service.append_async(&id, 3, &b"x"[..], None, &options).await.unwrap_err();
            assert_eq!(late.code(), Code::PreconditionFailed);
            let file = fs::File::open(&path).unwrap();
            assert_eq!(service.append_from_async(&id, 5, file, Some(13), &options).await.unwrap(), 13);
            let state = service.upload_state_async(&id, &none).await.unwrap();
            assert_eq!((state.offset, state.length, state.is_finished), (13, Some(13), false));
            assert_eq!(service.finish_upload_async(&id, &none).await.unwrap(), id);
            assert_eq!(service.download_bytes(&id, &DownloadOptions::new()).unwrap(), b"some and more");
            let id = service.begin_upload_async(&options).await.unwrap();
            assert!(service.end_upload_async(&id, &none).await.unwrap());
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
