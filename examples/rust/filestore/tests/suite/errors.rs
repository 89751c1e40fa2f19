use crate::stores::{local, local_service, stores, unknown, unreachable};
use filestore::{check_signed_url, Code, Method, Options, Service, UploadOptions};
use std::error::Error as _;
use std::io;
use std::time::{Duration, SystemTime};

#[test]
fn codes_have_the_names_of_the_library() {
    for code in Code::ALL {
        assert_ne!(code.name(), "unknown", "{:?}", code);
        let letters: String = code.name().split('_').collect();
        assert_eq!(letters, format!("{:?}", code).to_lowercase());
    }
    assert_eq!(Code::ALL.len(), 26);
}

#[test]
fn an_error_says_what_the_server_said() {
    for store in stores().into_iter().filter(|store| store.name == "s3") {
        let mut options = store.options();
        options.set("bucket_name", "no-such-bucket-here").unwrap();
        let service = Service::open(&options).unwrap();
        let error = service.upload_bytes(b"x", &UploadOptions::new()).unwrap_err();
        assert_eq!((error.code(), error.http_status()), (Code::Configuration, Some(404)));
        assert_eq!(error.server_code(), Some("NoSuchBucket"));
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("no-such-bucket-here") && error.to_string().ends_with("(configuration)"));
    }
}

#[test]
fn a_server_that_is_not_there_is_unavailable_and_retryable() {
    let error = unreachable().exists(&unknown(), &Default::default()).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.is_retryable());
}

#[test]
fn an_error_becomes_one_of_io() {
    let error = local_service().download_bytes(&unknown(), &Default::default()).unwrap_err();
    assert!(error.source().is_none());
    let error: io::Error = error.into();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.get_ref().unwrap().downcast_ref::<filestore::Error>().is_some());
}

#[test]
fn texts_with_a_nul_are_refused_here() {
    let service = local_service();
    for options in [
        UploadOptions::new().path("a\0b"),
        UploadOptions::new().metadata("k", "v\0"),
        UploadOptions::new().content_type("\0"),
    ] {
        assert_eq!(service.upload_bytes(b"x", &options).unwrap_err().code(), Code::InvalidArgument);
    }
    assert_eq!(service.list_page(Some("\0"), 0, &Default::default()).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(Options::local("a\0b").unwrap_err().code(), Code::InvalidArgument);
}

#[test]
fn options_are_refused_with_the_nearest_name() {
    let mut options = Options::new().unwrap();
    let error = options.set("base_pth", "x").unwrap_err();
    assert!(error.message().contains("base_path"), "{}", error);
    let error = Options::parse("storage:\n  bakcend: local\n", "a text").unwrap_err();
    assert_eq!(error.code(), Code::Configuration);
    assert!(error.message().contains("a text"), "{}", error);
    assert_eq!(Options::load("/does/not/exist.yaml").unwrap_err().code(), Code::Configuration);
    assert_eq!(Service::open_config("/does/not/exist.yaml").unwrap_err().code(), Code::Configuration);
}

#[test]
fn options_from_yaml_open_a_store() {
    let store = local();
    let yaml =
        format!("storage:\n  backend: local\n  local:\n    base_path: {}\n", store.directory.join("store").display());
    std::fs::write(store.directory.join("storage.yaml"), &yaml).unwrap();
    for service in [
        Service::open(&Options::parse(&yaml, "a text").unwrap()).unwrap(),
        Service::open(&Options::load(store.directory.join("storage.yaml")).unwrap()).unwrap(),
        Service::open_config(store.directory.join("storage.yaml")).unwrap(),
    ] {
        let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
        assert!(store.directory.join("store").join(id.as_str()).exists());
    }
}

#[test]
fn rules_refuse_before_and_while() {
    let store = local();
    let mut options = store.options();
    options.set("max_size", "3").unwrap().set("allowed_extensions", "txt").unwrap();
    let service = Service::open(&options).unwrap();
    assert_eq!(service.check_upload(Some("a.txt"), None, Some(4)).unwrap_err().code(), Code::Rejected);
    assert_eq!(service.check_upload(Some("a.pdf"), None, None).unwrap_err().code(), Code::Rejected);
    service.check_upload(Some("a.txt"), Some("text/plain"), Some(3)).unwrap();
    let error = service.upload(&b"four"[..], &UploadOptions::new().path("a.txt")).unwrap_err();
    assert_eq!(error.code(), Code::Rejected);
}

#[test]
fn a_time_limit_ends_a_call() {
    struct Slow;
    impl io::Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(2));
            buffer[0] = 1;
            Ok(1)
        }
    }
    let error = local_service().upload(Slow, &UploadOptions::new().timeout(Duration::from_millis(30))).unwrap_err();
    assert_eq!(error.code(), Code::Timeout);
}

#[test]
fn a_wrong_signature_is_refused() {
    let error = check_signed_url(
        "https://files.example/x",
        Method::Get,
        "a secret of 32 bytes, or of more.",
        SystemTime::now(),
    )
    .unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}
