use filestore::doc::{directory, Directory};
use filestore::{FileId, Options, Service};
use std::env;
use std::ops::Deref;

/// A store of the tests: empty, and its own.
pub struct Store {
    pub name: &'static str,
    pub directory: Directory,
    s3: Option<String>,
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{} is not set; FILESTORE_S3_ENDPOINT=none leaves S3 out", name))
}

pub fn local() -> Store {
    Store { name: "local", directory: directory(), s3: None }
}

/// A local store, and one on S3.
pub fn stores() -> Vec<Store> {
    let mut stores = vec![local()];
    if variable("FILESTORE_S3_ENDPOINT") != "none" {
        let prefix = format!("rust-{}/", FileId::generate().unwrap());
        stores.push(Store { name: "s3", directory: directory(), s3: Some(prefix) });
    }
    stores
}

impl Store {
    pub fn options(&self) -> Options {
        let mut options = Options::local(self.directory.join("store")).unwrap();
        if let Some(prefix) = &self.s3 {
            for (name, value) in [
                ("backend", "s3".to_string()),
                ("endpoint", variable("FILESTORE_S3_ENDPOINT")),
                ("bucket_name", variable("FILESTORE_S3_BUCKET")),
                ("aws_access_key", variable("AWS_ACCESS_KEY_ID")),
                ("aws_secret_key", variable("AWS_SECRET_ACCESS_KEY")),
                ("region", "us-east-1".to_string()),
                ("key_prefix", prefix.clone()),
                ("catalogue_path", self.directory.join("catalogue.sqlite").to_str().unwrap().to_string()),
            ] {
                options.set(name, value).unwrap();
            }
        }
        options
    }

    pub fn open(&self) -> Service {
        Service::open(&self.options()).unwrap()
    }
}

/// A service on a local store, with its directory.
pub struct LocalService(Service, Store);

pub fn local_service() -> LocalService {
    let store = local();
    LocalService(store.open(), store)
}

impl Deref for LocalService {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0
    }
}

/// A store whose server is not there.
pub fn unreachable() -> Service {
    let mut options = Options::new().unwrap();
    for (name, value) in [
        ("backend", "s3"),
        ("endpoint", "http://127.0.0.1:1"),
        ("bucket_name", "bucket"),
        ("aws_access_key", "key"),
        ("aws_secret_key", "secret"),
        ("max_attempts", "1"),
        ("catalogue_path", "off"),
    ] {
        options.set(name, value).unwrap();
    }
    Service::open(&options).unwrap()
}

/// Bytes that are not alike.
pub fn bytes(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

/// A file ID that no store has.
pub fn unknown() -> FileId {
    "00000000-0000-4000-8000-000000000000".parse().unwrap()
}
