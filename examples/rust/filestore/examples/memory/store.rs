use filestore::{Code, Description, Error, FileId, Listing, Request, Result, StorageBackend};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

struct File {
    bytes: Arc<Vec<u8>>,
    description: Description,
}

/// Keeps files in memory, with versions. Thread-safe.
#[derive(Default)]
pub struct MemoryStore {
    files: Mutex<(BTreeMap<FileId, File>, u64)>,
}

type Files<'a> = MutexGuard<'a, (BTreeMap<FileId, File>, u64)>;

fn not_found() -> Error {
    Error::new(Code::NotFound, "there is no such file in memory")
}

impl MemoryStore {
    fn lock(&self) -> Files<'_> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an upload or a deletion asks for must hold of the file that is there.
fn check_conditions(file: Option<&File>, request: &Request<'_>) -> Result<()> {
    if request.create_only() && file.is_some() {
        return Err(Error::new(Code::AlreadyExists, "the ID is in use"));
    }
    match request.if_version() {
        Some(version) if file.and_then(|file| file.description.version.as_ref()) != Some(&version) => {
            Err(Error::new(Code::PreconditionFailed, "the file is of another version"))
        }
        _ => Ok(()),
    }
}

impl StorageBackend for MemoryStore {
    type Reader = Arc<Vec<u8>>;
    type Writer = Vec<u8>;

    fn name(&self) -> &str {
        "memory"
    }

    fn compares_versions(&self) -> bool {
        true
    }

    fn describe(&self, request: &Request<'_>) -> Result<Description> {
        let files = self.lock();
        Ok(files.0.get(&request.id()?).ok_or_else(not_found)?.description.clone())
    }

    fn open_reader(&self, request: &Request<'_>) -> Result<(Self::Reader, u64)> {
        let files = self.lock();
        let file = files.0.get(&request.id()?).ok_or_else(not_found)?;
        Ok((file.bytes.clone(), file.description.size))
    }

    fn read(&self, _: &Request<'_>, reader: &mut Self::Reader, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let rest = reader.get(offset as usize..).unwrap_or(&[]);
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn open_writer(&self, _: &Request<'_>) -> Result<Self::Writer> {
        Ok(Vec::new())
    }

    fn write(&self, request: &Request<'_>, writer: &mut Self::Writer, bytes: &[u8]) -> Result<()> {
        request.check()?;
        writer.extend_from_slice(bytes);
        Ok(())
    }

    fn commit(&self, request: &Request<'_>, writer: &mut Self::Writer, size: u64) -> Result<()> {
        let id = request.id()?;
        let mut files = self.lock();
        check_conditions(files.0.get(&id), request)?;
        files.1 += 1;
        let description = Description {
            size,
            last_modified: SystemTime::now(),
            path: request.path(),
            content_type: request.content_type(),
            metadata: request.metadata(),
            version: Some(format!("v{}", files.1)),
        };
        let bytes = Arc::new(std::mem::take(writer));
        files.0.insert(id, File { bytes, description });
        Ok(())
    }

    fn remove(&self, request: &Request<'_>) -> Result<bool> {
        let id = request.id()?;
        let mut files = self.lock();
        check_conditions(files.0.get(&id), request)?;
        Ok(files.0.remove(&id).is_some())
    }

    fn list(&self, request: &Request<'_>) -> Result<Listing> {
        let start = match request.cursor().parse::<FileId>() {
            Ok(id) => Bound::Excluded(id),
            Err(_) => Bound::Unbounded,
        };
        let (files, limit) = (self.lock(), request.limit());
        let mut rest = files.0.range((start, Bound::Unbounded));
        let page: Vec<_> = rest
            .by_ref()
            .take(limit)
            .map(|(id, file)| (*id, file.description.size, file.description.last_modified))
            .collect();
        let next = rest.next().and_then(|_| page.last()).map(|last| last.0.to_string());
        Ok(Listing { files: page, next })
    }
}
