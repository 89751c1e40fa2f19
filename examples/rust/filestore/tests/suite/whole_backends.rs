//! What a backend in Rust does beside single files: batches, verifying, sweeping, and uploads that come piece by piece.

use crate::backends::store::MemoryStore;
use crate::stores::local;
use filestore::{
    Ability, Append, Backend, CallOptions, Code, Description, DownloadOptions, Error, FileId, KeptVersions, Listing,
    PartialUpload, PieceStore, Removal, Request, Result, Service, StorageBackend, Upkeep, UploadOptions, Verified,
    VerifyOptions,
};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

type Bytes = Arc<Vec<u8>>;

struct Piece {
    bytes: Bytes,
    length: Option<u64>,
    lifetime: Duration,
    path: String,
    is_open: bool,
}

type Pieces = Arc<Mutex<BTreeMap<FileId, Piece>>>;

/// Files in memory, with all that a backend can have.
#[derive(Default)]
struct Whole {
    files: MemoryStore,
    pieces: Pieces,
    batches: Arc<Mutex<usize>>,
}

fn no_upload() -> Error {
    Error::new(Code::NotFound, "there is no such upload")
}

impl StorageBackend for Whole {
    type Reader = Bytes;
    type Writer = Vec<u8>;

    fn may_store_late(&self) -> bool {
        true
    }
    fn describe(&self, request: &Request<'_>) -> Result<Description> {
        self.files.describe(request)
    }
    fn open_reader(&self, request: &Request<'_>) -> Result<(Bytes, u64)> {
        self.files.open_reader(request)
    }
    fn read(&self, request: &Request<'_>, reader: &mut Bytes, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.files.read(request, reader, offset, buffer)
    }
    fn open_writer(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        self.files.open_writer(request)
    }
    fn write(&self, request: &Request<'_>, writer: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
        self.files.write(request, writer, bytes)
    }
    fn commit(&self, request: &Request<'_>, writer: &mut Vec<u8>, size: u64) -> Result<()> {
        self.files.commit(request, writer, size)
    }
    fn remove(&self, request: &Request<'_>) -> Result<bool> {
        self.files.remove(request)
    }
    fn list(&self, request: &Request<'_>) -> Result<Listing> {
        self.files.list(request)
    }
    fn upkeep(&self) -> Option<&dyn Upkeep> {
        Some(self)
    }
    fn pieces(&self) -> Option<&dyn PieceStore<Bytes>> {
        Some(self)
    }
}

impl Upkeep for Whole {
    fn remove_batch(&self, request: &Request<'_>) -> Result<Vec<Result<Removal>>> {
        *self.batches.lock().unwrap() += 1;
        let outcome = |version: Option<String>| match version {
            Some(_) => Err(Error::new(Code::PreconditionFailed, "it is another one")),
            None => Ok(Removal { removed: true, keeps_version: true }),
        };
        Ok(request.files()?.into_iter().map(|(_, version)| outcome(version)).collect())
    }

    fn discard(&self, request: &Request<'_>) -> Result<()> {
        self.files.remove(request).map(drop)
    }

    fn verify(&self, request: &Request<'_>) -> Result<Verified> {
        let mut files = 0;
        let mut next = request.next_recorded(None)?;
        while let Some(id) = next {
            assert!(request.is_recorded(&id)?);
            request.tell_finding(&id, "missing", "nobody looked for it", request.repairs())?;
            files += 1;
            request.tell_progress(files, None, 0);
            next = request.next_recorded(Some(&id))?;
        }
        Ok(Verified {
            files,
            bytes: request.parallel().into(),
            unchecked: request.resumes().into(),
            ..Verified::default()
        })
    }

    fn leaves_uploads(&self) -> bool {
        true
    }

    fn sweep_uploads(&self, request: &Request<'_>) -> Result<Vec<FileId>> {
        assert!(request.is_dry_run() && request.files()?.is_empty());
        assert_eq!(request.older_than(), Duration::from_secs(60));
        Ok(vec![FileId::generate()?])
    }

    fn kept_versions(&self, _: &Request<'_>) -> Result<KeptVersions> {
        Ok(KeptVersions { versions: 1, bytes: 2, orphan_markers: 3 })
    }
}

struct Adding {
    pieces: Pieces,
    id: FileId,
    bytes: Vec<u8>,
}

impl Append for Adding {
    fn append(&mut self, _: &Request<'_>, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn end(self: Box<Self>, _: &Request<'_>, keep: bool) -> Result<()> {
        let mut pieces = self.pieces.lock().unwrap();
        let piece = pieces.get_mut(&self.id).ok_or_else(no_upload)?;
        piece.is_open = false;
        if keep {
            Arc::make_mut(&mut piece.bytes).extend_from_slice(&self.bytes);
        }
        Ok(())
    }
}

impl PieceStore<Bytes> for Whole {
    fn begin(&self, request: &Request<'_>) -> Result<()> {
        let piece = Piece {
            bytes: Bytes::default(),
            length: request.size(),
            lifetime: request.lifetime(),
            path: request.path(),
            is_open: false,
        };
        self.pieces.lock().unwrap().insert(request.id()?, piece);
        Ok(())
    }

    fn describe(&self, request: &Request<'_>) -> Result<PartialUpload> {
        let pieces = self.pieces.lock().unwrap();
        let piece = pieces.get(&request.id()?).ok_or_else(no_upload)?;
        Ok(PartialUpload {
            offset: piece.bytes.len() as u64,
            length: piece.length,
            expires_at: SystemTime::now() + piece.lifetime,
            path: piece.path.clone(),
            content_type: "text/plain".into(),
            metadata: String::new(),
        })
    }

    fn open_append(&self, request: &Request<'_>) -> Result<Box<dyn Append>> {
        let (id, mut pieces) = (request.id()?, self.pieces.lock().unwrap());
        let piece = pieces.get_mut(&id).ok_or_else(no_upload)?;
        if piece.is_open || request.offset() != piece.bytes.len() as u64 || request.all_or_nothing() {
            return Err(Error::new(Code::Conflict, "somebody else is at it"));
        }
        piece.is_open = true;
        piece.length = request.size();
        Ok(Box::new(Adding { pieces: self.pieces.clone(), id, bytes: Vec::new() }))
    }

    fn open(&self, request: &Request<'_>) -> Result<(Bytes, u64)> {
        let pieces = self.pieces.lock().unwrap();
        let bytes = pieces.get(&request.id()?).ok_or_else(no_upload)?.bytes.clone();
        let size = bytes.len() as u64;
        Ok((bytes, size))
    }

    fn end(&self, request: &Request<'_>) -> Result<bool> {
        Ok(self.pieces.lock().unwrap().remove(&request.id()?).is_some())
    }

    fn expire(&self, _: &Request<'_>) -> Result<Vec<FileId>> {
        Ok(std::mem::take(&mut *self.pieces.lock().unwrap()).into_keys().collect())
    }
}

#[test]
fn an_upload_comes_piece_by_piece() {
    let backend = Whole::default();
    let pieces = backend.pieces.clone();
    let mut options = local().options();
    options.set("catalogue_path", "off").unwrap();
    let service = Service::open_on(&Backend::custom(backend, None).unwrap(), &options).unwrap();
    let mut upload = service.create_file(&UploadOptions::new().path("a.txt")).unwrap();
    upload.write_all(b"first ").unwrap();
    let id = upload.leave().unwrap();
    let mut upload = service.resume_file(&id).unwrap();
    assert_eq!(upload.offset(), 6);
    upload.write_all(b"second").unwrap();
    upload.finish().unwrap();
    let mut text = String::new();
    service.open_file(&id).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(
        (text.as_str(), service.metadata(&id, &CallOptions::new()).unwrap().path.as_str()),
        ("first second", "a.txt")
    );
    assert!(pieces.lock().unwrap().is_empty());
    let given_up = service.create_file(&UploadOptions::new()).unwrap().leave().unwrap();
    assert!(service.end_upload(&given_up, &CallOptions::new()).unwrap());
    assert_eq!(service.resume_file(&given_up).unwrap_err().code(), Code::NotFound);
    service.create_file(&UploadOptions::new()).unwrap().leave().unwrap();
    assert_eq!(service.sweep_uploads(&CallOptions::new()).unwrap(), 1);
}

#[test]
fn batches_and_the_whole_store() {
    let whole = Whole::default();
    let batches = whole.batches.clone();
    let backend = Backend::custom(whole, None).unwrap();
    assert!(backend.can(Ability::MayStoreLate) && backend.can(Ability::LeavesUploads));
    let (one, other) = (FileId::generate().unwrap(), FileId::generate().unwrap());
    let outcomes = backend.delete_batch(&[(one, None), (other, None)], &CallOptions::new()).unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome.removed.as_ref().unwrap() && outcome.keeps_version));
    assert_eq!(*batches.lock().unwrap(), 1);
    backend.upload_bytes(&one, b"x", &UploadOptions::new()).unwrap();
    backend.discard(&one, &CallOptions::new()).unwrap();
    assert_eq!(backend.download_bytes(&one, &DownloadOptions::new()).unwrap_err().code(), Code::NotFound);
    assert_eq!(backend.sweep_uploads(true, Some(Duration::from_secs(60)), &CallOptions::new()).unwrap().len(), 1);
    assert_eq!(backend.kept_versions(&CallOptions::new()).unwrap().get("orphan_markers").unwrap().as_u64(), Some(3));
}

#[test]
fn a_run_of_verify_tells_what_it_finds() {
    let store = local();
    let mut options = store.options();
    options.set("catalogue_path", store.directory.join("catalogue.sqlite").to_str().unwrap()).unwrap();
    options.set("audit_url", "off").unwrap();
    let service = Service::open_on(&Backend::custom(Whole::default(), None).unwrap(), &options).unwrap();
    let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    let mut found = Vec::new();
    let options = VerifyOptions::new().repair().resume().parallel(9);
    let report = service
        .verify(&options, |finding| {
            found.push((finding.id, finding.damage, finding.is_quarantined));
            Ok(())
        })
        .unwrap();
    assert_eq!(found, [(id, "missing".to_string(), true)]);
    let number = |name| report.get(name).unwrap().as_u64();
    assert_eq!(
        (number("files"), number("bytes"), number("unchecked"), number("missing")),
        (Some(1), Some(9), Some(1), Some(1))
    );
    let error = service.verify(&VerifyOptions::new(), |_| Err("enough".into())).unwrap_err();
    assert_eq!(error.code(), Code::SinkFailed);
}
