use crate::stores::{bytes, local, local_service, stores, unknown, unreachable};
use filestore::{CallOptions, Code, DownloadOptions, FileId, Json, UploadOptions};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn a_file_goes_in_and_comes_out() {
    for store in stores() {
        let service = store.open();
        let content = bytes(100_000);
        let options = UploadOptions::new()
            .path("report ä.pdf")
            .content_type("application/pdf")
            .metadata("owner", "ada")
            .metadata("gone", "x")
            .without_metadata("gone");
        let id = service.upload_bytes(&content, &options).unwrap();
        assert_eq!(service.download_bytes(&id, &DownloadOptions::new()).unwrap(), content, "{}", store.name);
        let info = service.metadata(&id, &CallOptions::new()).unwrap();
        assert_eq!((info.id, info.size, info.path.as_str()), (id, 100_000, "report ä.pdf"));
        assert_eq!(info.content_type, "application/pdf");
        assert_eq!(info.metadata, Json::parse(r#"{"owner": "ada"}"#).unwrap());
        assert!(info.last_modified.ends_with('Z'));
    }
}

#[test]
fn metadata_may_be_any_json() {
    let service = local_service();
    let json = r#"{"pages": [1, 2.50], "note": "ä\n\"quoted\"", "none": null}"#;
    let id = service.upload_bytes(b"x", &UploadOptions::new().metadata_json(json)).unwrap();
    assert_eq!(service.metadata(&id, &CallOptions::new()).unwrap().metadata, Json::parse(json).unwrap());
    let error = service.upload_bytes(b"x", &UploadOptions::new().metadata_json("[]")).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[test]
fn paths_go_in_and_come_out() {
    for store in stores() {
        let service = store.open();
        let (from, to) = (store.directory.join("from"), store.directory.join("to"));
        fs::write(&from, "a file").unwrap();
        let id = service.upload_path(&from, &UploadOptions::new()).unwrap();
        service.download_path(&id, &to, &DownloadOptions::new()).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"a file", "{}", store.name);
        let error = service.upload_path(store.directory.join("missing"), &UploadOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
    }
}

#[test]
fn ranges_are_cut_at_the_end() {
    for store in stores() {
        let service = store.open();
        let id = service.upload_bytes(b"0123456789", &UploadOptions::new()).unwrap();
        let range =
            |offset, length: Option<u64>| service.download_bytes(&id, &DownloadOptions::new().range(offset, length));
        assert_eq!(range(2, Some(3)).unwrap(), b"234", "{}", store.name);
        assert_eq!(range(8, Some(100)).unwrap(), b"89");
        assert_eq!(range(7, None).unwrap(), b"789");
        assert_eq!(range(10, Some(1)).unwrap_err().code(), Code::RangeNotSatisfiable);
        let mut memory = [0; 4];
        assert_eq!(service.download_into(&id, &mut memory, &DownloadOptions::new().range(1, 4)).unwrap(), 4);
        assert_eq!(&memory, b"1234");
        assert_eq!(
            service.download_into(&id, &mut memory, &DownloadOptions::new()).unwrap_err().code(),
            Code::SinkFailed
        );
    }
}

#[test]
fn deletions_tell_whether_something_was_there() {
    for store in stores() {
        let service = store.open();
        let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
        assert!(service.exists(&id, &CallOptions::new()).unwrap());
        assert!(service.delete(&id, &CallOptions::new()).unwrap(), "{}", store.name);
        assert!(!service.delete(&id, &CallOptions::new()).unwrap());
        assert!(!service.exists(&id, &CallOptions::new()).unwrap());
        assert_eq!(service.metadata(&id, &CallOptions::new()).unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn a_deletion_can_be_taken_back() {
    let store = local();
    let mut options = store.options();
    options.set("soft_delete_grace", "1h").unwrap();
    let service = filestore::Service::open(&options).unwrap();
    let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    service.delete(&id, &CallOptions::new()).unwrap();
    let deleted = service.deleted_files(None, 10, &CallOptions::new()).unwrap();
    let files = deleted.get("files").unwrap().as_array().unwrap();
    assert_eq!(files[0].get("file_id").unwrap().as_str(), Some(id.as_str()));
    assert!(service.undelete(&id, &CallOptions::new()).unwrap());
    assert!(!service.undelete(&id, &CallOptions::new()).unwrap());
    assert!(service.exists(&id, &CallOptions::new()).unwrap());
    assert_eq!(service.undelete(&unknown(), &CallOptions::new()).unwrap_err().code(), Code::NotFound);
}

#[test]
fn listings_lead_through_all_files() {
    for store in stores() {
        let service = store.open();
        let stored: BTreeSet<FileId> =
            (0..5).map(|size| service.upload_bytes(bytes(size), &UploadOptions::new()).unwrap()).collect();
        let files: Vec<_> = service.files().collect::<Result<_, _>>().unwrap();
        assert_eq!(files.iter().map(|file| file.id).collect::<BTreeSet<_>>(), stored, "{}", store.name);
        assert_eq!(files.iter().map(|file| file.size).sum::<u64>(), 10);

        let (mut cursor, mut seen, mut pages) = (None, Vec::new(), 0);
        loop {
            let page = service.list_page(cursor.as_deref(), 2, &CallOptions::new()).unwrap();
            assert!(page.files.len() <= 2);
            seen.extend(page.files.into_iter().map(|file| file.id));
            pages += 1;
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, stored.into_iter().collect::<Vec<_>>());
        assert!(pages >= 3);
        assert_eq!(service.list_page(None, 1001, &CallOptions::new()).unwrap_err().code(), Code::InvalidArgument);
    }
}

#[test]
fn a_listing_that_fails_tells_it_once_and_ends() {
    let mut files = unreachable().files();
    assert_eq!(files.next().unwrap().unwrap_err().code(), Code::Unavailable);
    assert!(files.next().is_none());
}

#[test]
fn ids_have_one_form() {
    for text in [
        "",
        "x",
        "6f1c2a70-41d5-4c9b-8c3e-0a4b7d2f9e1",
        "6f1c2a70-41d5-4c9b-8c3e-0a4b7d2f9e1/",
        "6f1c2a70-41d5-4c9b-8c3e-0a4b7d2f9e11\0",
    ] {
        assert_eq!(text.parse::<FileId>().unwrap_err().code(), Code::InvalidArgument, "{:?}", text);
    }
    let id = FileId::generate().unwrap();
    assert_eq!(id.to_string().parse::<FileId>().unwrap(), id);
}
