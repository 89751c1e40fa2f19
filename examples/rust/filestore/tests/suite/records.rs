//! The catalogue, and what is done with it.

use crate::stores::{local, local_service, stores, unknown};
use filestore::{salvage_catalogue, CallOptions, Code, Json, UploadOptions, VerifyOptions};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::as_str)
}

fn number(json: &Json, name: &str) -> u64 {
    json.get(name).and_then(Json::as_u64).unwrap_or_else(|| panic!("no {} in {:?}", name, json))
}

#[test]
fn uploads_and_deletions_are_recorded() {
    for store in stores() {
        let (service, call) = (store.open(), CallOptions::new());
        assert!(service.catalogue_path().ends_with(".sqlite"));
        let id = service.upload_bytes(b"x", &UploadOptions::new().path("a.txt").metadata("k", "v")).unwrap();
        let history = service.history(&id, &call).unwrap();
        assert_eq!(text(&history, "file_id"), Some(id.as_str()), "{}", store.name);
        assert_eq!(history.get("deleted_at"), Some(&Json::Null));
        let files = |page: Json| page.get("files").unwrap().as_array().unwrap().len();
        assert_eq!(files(service.recorded_files(None, None, 10, &call).unwrap()), 1);
        assert_eq!(files(service.recorded_files(Some("2001-01-01T00:00:00Z"), None, 10, &call).unwrap()), 0);
        assert_eq!(files(service.catalogued_files(None, true, Some("k"), 10, &call).unwrap()), 1);
        assert_eq!(files(service.catalogued_files(Some(&id), false, None, 10, &call).unwrap()), 0);
        service.delete(&id, &call).unwrap();
        assert!(text(&service.history(&id, &call).unwrap(), "deleted_at").is_some());
        assert_eq!(service.history(&unknown(), &call).unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn without_a_project_there_is_nothing_to_tell() {
    let (service, call) = (local_service(), CallOptions::new());
    assert!(!service.has_audit_server());
    assert_eq!(number(&service.audit_status(&call).unwrap(), "pending"), 0);
    assert_eq!(service.parked(None, 10, &call).unwrap(), Json::Array(vec![]));
    assert_eq!(service.retry_parked(None, &call).unwrap(), 0);
    assert_eq!(service.forget_audit_server(&call).unwrap(), 0);
    assert_eq!(service.flush(&call).unwrap_err().code(), Code::Configuration);
}

#[test]
fn a_project_that_cannot_be_reached_is_told_of() {
    let store = local();
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let mut options = store.options();
    options.set("audit_url", "http://127.0.0.1:1").unwrap().set("audit_key", "key").unwrap();
    options.on_delivery(move |error| drop(tell.lock().unwrap().send(error))).unwrap();
    let service = filestore::Service::open(&options).unwrap();
    assert!(service.has_audit_server());
    service.start().unwrap();
    service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    let error = told.recv().unwrap().unwrap();
    assert_eq!(error.code(), Code::Unavailable, "{}", error);
    assert_eq!(number(&service.audit_status(&CallOptions::new()).unwrap(), "pending"), 1);
    let short = CallOptions::new().timeout(std::time::Duration::from_millis(10));
    assert!(service.flush(&short).is_err());
}

#[test]
fn damage_is_found_and_moved_away() {
    let store = local();
    let service = store.open();
    let id = service.upload_bytes(b"whole", &UploadOptions::new()).unwrap();
    service.upload_bytes(b"another", &UploadOptions::new()).unwrap();
    fs::write(store.directory.join("store").join(id.as_str()), "spoil").unwrap();
    let (mut found, seen) = (Vec::new(), Arc::new(AtomicU64::new(0)));
    let hear = seen.clone();
    let options =
        VerifyOptions::new().repair().parallel(2).progress(move |files, _, _| hear.store(files, Ordering::SeqCst));
    let report = service
        .verify(&options, |finding| {
            found.push(finding);
            Ok(())
        })
        .unwrap();
    assert_eq!((number(&report, "files"), number(&report, "corrupt")), (2, 1));
    assert_eq!((found.len(), found[0].id, found[0].damage.as_str(), found[0].is_quarantined), (1, id, "corrupt", true));
    assert_eq!(seen.load(Ordering::SeqCst), 2);
    assert_eq!(
        service.verify(&VerifyOptions::new().parallel(65), |_| Ok(())).unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[test]
fn a_store_and_its_record_are_made_to_agree() {
    let store = local();
    let service = store.open();
    let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    for path in [
        store.directory.join("store").join(id.as_str()),
        store.directory.join("store/metadata").join(format!("{}.json", id)),
    ] {
        fs::remove_file(path).unwrap();
    }
    let mut found = Vec::new();
    let report = service
        .reconcile(
            true,
            |drift| {
                found.push(drift);
                Ok(())
            },
            &CallOptions::new(),
        )
        .unwrap();
    assert_eq!(number(&report, "missing"), 1);
    assert_eq!((found[0].id, found[0].drift.as_str(), found[0].is_repaired), (id, "missing", true));
}

#[test]
fn a_catalogue_that_is_whole_stays() {
    let store = local();
    store.open().upload_bytes(b"x", &UploadOptions::new()).unwrap();
    let report = salvage_catalogue(&store.options(), |row| panic!("{:?}", row)).unwrap();
    assert_eq!(report.get("was_damaged"), Some(&Json::Bool(false)));
    let error = salvage_catalogue(&local().options(), |_| Ok(())).unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}
