//! Conditional writes, on backends.

use crate::stores::{stores, unknown};
use filestore::{Ability, Backend, CallOptions, Code, DownloadOptions, FileId, UploadOptions, VerifyOptions};
use std::fs;

#[test]
fn a_backend_stores_under_ids_of_the_caller() {
    for store in stores() {
        let backend = Backend::open(&store.options()).unwrap();
        assert_eq!(backend.name(), store.name);
        let id = FileId::generate().unwrap();
        let (from, to) = (store.directory.join("from"), store.directory.join("to"));
        fs::write(&from, "by path").unwrap();
        backend.upload_path(&id, &from, &UploadOptions::new().path("named")).unwrap();
        backend.download_path(&id, &to, &DownloadOptions::new()).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"by path", "{}", store.name);
        backend.upload(&id, &b"by reader"[..], &UploadOptions::new()).unwrap();
        let mut copy = Vec::new();
        backend.download(&id, &mut copy, &DownloadOptions::new()).unwrap();
        assert_eq!(copy, b"by reader");
        backend.upload_seekable(&id, std::io::Cursor::new("by seek"), &UploadOptions::new()).unwrap();
        assert_eq!(backend.download_bytes(&id, &DownloadOptions::new()).unwrap(), b"by seek");
        assert_eq!(backend.list_page(None, 0, &CallOptions::new()).unwrap().files.len(), 1);
        assert!(backend.exists(&id, &CallOptions::new()).unwrap());
        backend.delete(&id, &CallOptions::new()).unwrap();
        assert!(!backend.exists(&id, &CallOptions::new()).unwrap());
        assert_eq!(backend.metadata(&unknown(), &CallOptions::new()).unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn a_file_is_made_once() {
    for store in stores() {
        let backend = Backend::open(&store.options()).unwrap();
        let (id, once) = (FileId::generate().unwrap(), UploadOptions::new().create_only());
        backend.upload_bytes(&id, b"first", &once).unwrap();
        assert_eq!(
            backend.upload_bytes(&id, b"second", &once).unwrap_err().code(),
            Code::AlreadyExists,
            "{}",
            store.name
        );
        assert_eq!(backend.download_bytes(&id, &DownloadOptions::new()).unwrap(), b"first");
    }
}

#[test]
fn a_file_is_replaced_only_as_it_was_seen() {
    for store in stores() {
        let backend = Backend::open(&store.options()).unwrap();
        assert!(backend.can(Ability::CompareAndSwap), "{}", store.name);
        let id = FileId::generate().unwrap();
        backend.upload_bytes(&id, b"first", &UploadOptions::new()).unwrap();
        let (info, version) = backend.metadata(&id, &CallOptions::new()).unwrap();
        assert_eq!(info.size, 5);
        let if_seen = UploadOptions::new().if_version(&version);
        backend.upload_bytes(&id, b"second", &if_seen).unwrap();
        assert_eq!(backend.upload_bytes(&id, b"third", &if_seen).unwrap_err().code(), Code::PreconditionFailed);

        let (_, newer) = backend.metadata(&id, &CallOptions::new()).unwrap();
        if backend.can(Ability::CompareAndDelete) {
            let error = backend.delete(&id, &CallOptions::new().if_version(&version)).unwrap_err();
            assert_eq!(error.code(), Code::PreconditionFailed, "{}", store.name);
            backend.delete(&id, &CallOptions::new().if_version(&newer)).unwrap();
        }
    }
}

#[test]
fn a_service_refuses_conditions_of_backends() {
    let error = stores()[0].open().upload_bytes(b"x", &UploadOptions::new().create_only()).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[test]
fn the_backend_of_a_service_has_its_files_and_ends_with_it() {
    for store in stores() {
        let service = store.open();
        let backend = Backend::of(&service).unwrap();
        let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
        assert!(backend.exists(&id, &CallOptions::new()).unwrap(), "{}", store.name);
        drop(service);
        assert_eq!(backend.exists(&id, &CallOptions::new()).unwrap_err().code(), Code::Cancelled);
    }
}

#[test]
fn batches_tell_of_each_file() {
    for store in stores() {
        let backend = Backend::open(&store.options()).unwrap();
        let (first, second) = (FileId::generate().unwrap(), FileId::generate().unwrap());
        for id in [first, second] {
            backend.upload_bytes(&id, b"x", &UploadOptions::new()).unwrap();
        }
        if store.name == "local" {
            let outcomes =
                backend.delete_batch(&[(first, Some("another")), (second, None)], &CallOptions::new()).unwrap();
            assert_eq!(outcomes[0].removed.as_ref().unwrap_err().code(), Code::PreconditionFailed);
            assert!(*outcomes[1].removed.as_ref().unwrap());
        }
        let outcomes = backend.delete_batch(&[(first, None), (second, None)], &CallOptions::new()).unwrap();
        assert_eq!((outcomes.len(), outcomes[0].id, outcomes[0].keeps_version), (2, first, false), "{}", store.name);
        assert_eq!(backend.list_page(None, 0, &CallOptions::new()).unwrap().files, []);
        backend.discard(&first, &CallOptions::new()).unwrap();
        assert_eq!(backend.delete_batch(&[], &CallOptions::new()).unwrap_err().code(), Code::InvalidArgument);
        match backend.sweep_uploads(true, Some(std::time::Duration::from_secs(86400)), &CallOptions::new()) {
            Ok(ids) => assert_eq!(ids, []),
            Err(error) => assert_eq!(error.code(), Code::Unsupported),
        }
        match backend.kept_versions(&CallOptions::new()) {
            Ok(kept) => assert_eq!(kept.get("bytes").unwrap().as_u64(), Some(0)),
            Err(error) => assert_eq!(error.code(), Code::Unsupported),
        }
    }
}

#[test]
fn a_backend_verifies_what_it_has() {
    let store = &stores()[0];
    let backend = Backend::open(&store.options()).unwrap();
    let id = FileId::generate().unwrap();
    backend.upload_bytes(&id, b"whole", &UploadOptions::new()).unwrap();
    fs::write(store.directory.join("store").join(id.as_str()), "spoil").unwrap();
    let mut found = Vec::new();
    let verified = backend.verify(&VerifyOptions::new(), |finding| {
        found.push(finding.id);
        Ok(())
    });
    assert_eq!((verified.unwrap().get("corrupt").unwrap().as_u64(), found), (Some(1), vec![id]));
}
