use crate::stores::{local, stores};
use filestore::{CallOptions, CleanupOptions, Code, Layout, Options, Schedule, Service, UploadOptions};
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

#[test]
fn time_comes_from_the_program() {
    let store = local();
    let mut options = store.options();
    let then = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    options.clock(move || then).unwrap();
    let id = Service::open(&options).unwrap().upload_bytes(b"then", &UploadOptions::new()).unwrap();
    let history = store.open().history(&id, &CallOptions::new()).unwrap();
    let uploaded_at = history.get("uploaded_at").unwrap().as_str().unwrap();
    assert!(uploaded_at.starts_with("2001-09-09T01:46:40"), "{}", uploaded_at);
}

#[test]
fn a_store_takes_another_layout() {
    let store = local();
    let id = store.open().upload_bytes(b"x", &UploadOptions::new()).unwrap();
    let mut told = 0;
    let convert = |layout, told: &mut u64| {
        filestore::convert_store(&store.options(), layout, |done, _| *told = done, &CallOptions::new())
    };
    assert_eq!(convert(Layout::Sharded, &mut told).unwrap(), 1);
    assert_eq!(told, 1);
    assert!(store.directory.join("store").join(&id.as_str()[..2]).join(id.as_str()).exists());
    let open = Service::open(Options::local(store.directory.join("store")).unwrap().set("layout", "sharded").unwrap())
        .unwrap();
    assert!(open.exists(&id, &CallOptions::new()).unwrap());
    assert_eq!(convert(Layout::Flat, &mut told).unwrap_err().code(), Code::Conflict);
}
