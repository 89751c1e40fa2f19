use crate::stores::{local, local_service, stores, unknown};
use filestore::{check_signed_url, Backend, CallOptions, Code, Method, PresignOptions, Service, UploadOptions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

const KEY: &str = "a secret of 32 bytes, or of more.";

/// What a plain GET answers.
fn get(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    write!(connection, "GET /{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, host).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn whoever_has_the_url_reads_the_file() {
    for store in stores().into_iter().filter(|store| store.name == "s3") {
        let service = store.open();
        let id = service.upload_bytes(b"for everybody", &UploadOptions::new()).unwrap();
        let options = PresignOptions::new()
            .expires_in(Duration::from_secs(60))
            .content_type("text/plain")
            .disposition("attachment");
        for url in
            [service.presign(&id, &options).unwrap(), Backend::of(&service).unwrap().presign(&id, &options).unwrap()]
        {
            assert!(
                url.expires_at > SystemTime::now() && url.expires_at <= SystemTime::now() + Duration::from_secs(61)
            );
            let answer = get(&url.url);
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("for everybody"), "{}", answer);
            assert!(answer.contains("attachment"), "{}", answer);
            assert!(!format!("{:?}", url).contains("Signature"));
        }
    }
}

#[test]
fn urls_of_a_local_store_are_answered_by_a_server_of_the_program() {
    let store = local();
    let mut options = store.options();
    options.set("url_base", "https://files.example/f").unwrap().set("url_key", KEY).unwrap();
    let service = Service::open(&options).unwrap();
    let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    let put = PresignOptions::new().method(Method::Put).exact_expiry().timeout(Duration::from_secs(60));
    let url = service.presign(&id, &put).unwrap().url;
    let now = SystemTime::now();
    assert_eq!(check_signed_url(&url, Method::Put, KEY, now).unwrap(), id);
    assert_eq!(check_signed_url(&url, Method::Get, KEY, now).unwrap_err().code(), Code::PermissionDenied);
    let later = now + Duration::from_secs(3602);
    assert_eq!(check_signed_url(&url, Method::Put, KEY, later).unwrap_err().code(), Code::PermissionDenied);
}

#[test]
fn a_store_without_urls_says_so() {
    let service = local_service();
    assert_eq!(service.presign(&unknown(), &PresignOptions::new()).unwrap_err().code(), Code::Unsupported);
    let long = PresignOptions::new().expires_in(Duration::from_secs(8 * 86400));
    assert!(service.presign(&unknown(), &long).is_err());
    assert!(!service.exists(&unknown(), &CallOptions::new()).unwrap());
}
