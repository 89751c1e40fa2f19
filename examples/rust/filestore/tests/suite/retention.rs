use crate::stores::{local, stores};
use filestore::{CallOptions, CleanupOptions, Code, Schedule, Service, UploadOptions};
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn new_files_stay() {
    for store in stores() {
        let service = store.open();
        service.upload_bytes(b"new", &UploadOptions::new()).unwrap();
        let options =
            CleanupOptions::older_than_days(1).dry_run().call(&CallOptions::new().timeout(Duration::from_secs(60)));
        let counts = service.cleanup(&options).unwrap();
        assert_eq!((counts.removed, counts.failed, counts.purged), (0, 0, 0), "{}", store.name);
        let error = service.cleanup(&CleanupOptions::older_than_days(0)).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
    }
}

#[test]
fn old_files_go_and_are_told_of() {
    let store = local();
    let id = filestore::FileId::generate().unwrap();
    let path = store.directory.join("store").join(id.as_str());
    std::fs::create_dir_all(store.directory.join("store/metadata")).unwrap();
    std::fs::write(&path, "old").unwrap();
    let json = format!(r#"{{"file_id": "{}", "original_path": "old.txt", "size": 3}}"#, id);
    std::fs::write(store.directory.join("store/metadata").join(format!("{}.json", id)), json).unwrap();
    assert!(std::process::Command::new("touch").args(["-d", "2001-01-01"]).arg(&path).status().unwrap().success());

    let service = store.open();
    let mut heard = Vec::new();
    let report = service.reconcile(true, |_| Ok(()), &CallOptions::new()).unwrap();
    assert_eq!(report.get("unrecorded").unwrap().as_u64(), Some(1));
    let options = CleanupOptions::older_than_days(30)
        .accept_missing()
        .count_versions()
        .uploads_older_than(Duration::from_secs(86400));
    let report = service
        .cleanup_report(&options, |file| {
            heard.push(file);
            Ok(())
        })
        .unwrap();
    assert_eq!(report.get("removed").unwrap().as_u64(), Some(1), "{:?}", report);
    assert_eq!((heard.len(), heard[0].id, heard[0].outcome.as_str()), (1, id, "removed"));
    assert!(!path.exists());
}

#[test]
fn schedules_know_their_next_time() {
    let hourly = Schedule::new("@hourly", None).unwrap();
    assert_eq!(hourly.next(UNIX_EPOCH).unwrap(), Some(UNIX_EPOCH + Duration::from_secs(3600)));
    let before = UNIX_EPOCH - Duration::from_secs(1800);
    assert_eq!(hourly.next(before).unwrap(), Some(UNIX_EPOCH));
    assert_eq!(Schedule::new("* * 31 2 *", None).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(Schedule::new("@daily", Some("Nowhere/At_All")).unwrap_err().code(), Code::InvalidArgument);
}

#[test]
fn a_started_service_cleans_up_by_its_schedule() {
    let store = local();
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let mut options = store.options();
    options.set("cleanup_enabled", "true").unwrap().set("schedule", "@yearly").unwrap();
    options.on_cleanup(|_| {}, move |report| drop(tell.lock().unwrap().send(report))).unwrap();
    let service = Service::open(&options).unwrap();
    assert_eq!(service.next_cleanup().unwrap(), None);
    service.start().unwrap();
    assert!(service.next_cleanup().unwrap().unwrap() > std::time::SystemTime::now());
    drop(service);
    assert!(told.try_recv().is_err());
}
