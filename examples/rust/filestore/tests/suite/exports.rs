//! Copies at AI providers: what needs no provider.

use crate::stores::{local, local_service, unknown};
use filestore::{CallOptions, Code, Exporter, ExporterOptions, Json, SendOptions, Service, UploadOptions};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_provider_that_is_not_there_leaves_no_copy() {
    let (service, call) = (local_service(), CallOptions::new());
    let id = service.upload_bytes(b"x", &UploadOptions::new().path("a.txt")).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let mut options = ExporterOptions::new().unwrap();
    options
        .key(move |request| {
            assert_eq!(request.profile, "openai");
            count.fetch_add(1, Ordering::SeqCst);
            Some("a-key".into())
        })
        .unwrap();
    options.retry(1, Duration::from_millis(1), Duration::from_millis(1)).unwrap();
    options.parts(1 << 20, 1 << 20).unwrap().settle_interval(1).unwrap().plain_http(false).unwrap();
    options.on_settled(|_| {}).unwrap();
    let exporter = Exporter::open(&service, &options).unwrap();
    drop(options);
    exporter.start().unwrap();
    let send =
        SendOptions::new().base_url("http://127.0.0.1:1/v1").purpose("user_data").timeout(Duration::from_secs(60));
    let error = exporter.send(&id, "openai", &send).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{}", error);
    assert!(asked.load(Ordering::SeqCst) > 0);
    assert_eq!(exporter.copies(Some(&id), 0, 10, &call).unwrap(), Json::Array(vec![]));
    assert_eq!(exporter.copies(None, 0, 10, &call).unwrap(), Json::Array(vec![]));
    exporter.settle(&call).unwrap();
    exporter.unsend(&id, None, None, &call).unwrap();
    exporter.forget_damaged(None, &call).unwrap();
    assert_eq!(exporter.send(&id, "nobody", &SendOptions::new()).unwrap_err().code(), Code::InvalidArgument);
}

#[test]
fn a_key_that_is_not_given_fails_the_call() {
    for panics in [false, true] {
        let service = local_service();
        let id = service.upload_bytes(b"x", &UploadOptions::new().path("a.txt")).unwrap();
        let mut options = ExporterOptions::new().unwrap();
        options.key(move |_| if panics { panic!("a key") } else { None }).unwrap();
        let exporter = Exporter::open(&service, &options).unwrap();
        let send = SendOptions::new().base_url("http://127.0.0.1:1/v1");
        assert_eq!(exporter.send(&id, "openai", &send).unwrap_err().code(), Code::Unauthenticated);
        assert_eq!(exporter.send(&unknown(), "openai", &send).unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn an_exporter_needs_a_catalogue() {
    let store = local();
    let mut options = store.options();
    options.set("catalogue_path", "off").unwrap();
    let service = Service::open(&options).unwrap();
    let error = Exporter::open(&service, &ExporterOptions::new().unwrap()).unwrap_err();
    assert_eq!(error.code(), Code::Configuration);
}
