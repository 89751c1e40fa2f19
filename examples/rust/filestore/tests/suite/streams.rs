use crate::stores::{bytes, local, local_service, stores, unknown};
use filestore::{CallOptions, Code, DownloadOptions, Options, Service, UploadOptions};
use std::error::Error as _;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};

#[test]
fn readers_go_in_and_writers_get_out() {
    for store in stores() {
        let service = store.open();
        let content = bytes(3_000_000);
        let id = service.upload(&content[..], &UploadOptions::new()).unwrap();
        let mut copy = Vec::new();
        service.download(&id, &mut copy, &DownloadOptions::new()).unwrap();
        assert!(copy == content, "{}", store.name);

        let mut cursor = Cursor::new(&content);
        cursor.set_position(1_000_000);
        let id = service.upload_seekable(&mut cursor, &UploadOptions::new().size(2_000_000)).unwrap();
        assert!(service.download_bytes(&id, &DownloadOptions::new()).unwrap() == content[1_000_000..]);
    }
}

#[test]
fn a_reader_that_gives_less_than_it_said_fails() {
    for store in stores() {
        let error = store.open().upload(&b"short"[..], &UploadOptions::new().size(6)).unwrap_err();
        assert_eq!(error.code(), Code::SourceFailed, "{}", store.name);
    }
}

#[test]
fn what_a_stream_fails_with_comes_back() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::BrokenPipe, "the pipe broke"))
        }
    }
    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::Other, "the paper is out"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for store in stores() {
        let service = store.open();
        let error = service.upload(Failing, &UploadOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::SourceFailed, "{}", store.name);
        let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!((cause.kind(), cause.to_string().as_str()), (io::ErrorKind::BrokenPipe, "the pipe broke"));

        let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
        let error = service.download(&id, Failing, &DownloadOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::SinkFailed);
        assert_eq!(error.source().unwrap().to_string(), "the paper is out");
        assert_eq!(service.files().count(), 1);
    }
}

#[test]
fn an_interrupted_read_is_made_again_and_a_wrong_length_refused() {
    struct Odd(u32, usize);
    impl Read for Odd {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(io::ErrorKind::Interrupted.into()),
                2 => Ok(buffer.len() + self.1),
                _ => Ok(0),
            }
        }
    }
    let service = local_service();
    assert!(service.upload(Odd(0, 0), &UploadOptions::new()).is_ok());
    assert_eq!(service.upload(Odd(0, 1), &UploadOptions::new()).unwrap_err().code(), Code::SourceFailed);
}

#[test]
fn a_stored_file_is_read_from_any_place() {
    for store in stores() {
        let service = store.open();
        let content = bytes(50_000);
        let id = service.upload_bytes(&content, &UploadOptions::new()).unwrap();
        let mut file = service.open_file(&id).unwrap();
        assert_eq!(file.size(), 50_000);
        let mut all = Vec::new();
        file.read_to_end(&mut all).unwrap();
        assert!(all == content, "{}", store.name);

        let mut file = BufReader::new(file);
        let mut some = [0; 10];
        for (to, at) in [
            (SeekFrom::Start(7), 7),
            (SeekFrom::Current(100), 117),
            (SeekFrom::End(-20), 49_980),
            (SeekFrom::Current(-30), 49_960),
        ] {
            assert_eq!(file.seek(to).unwrap(), at, "{}", store.name);
            file.read_exact(&mut some).unwrap();
            assert_eq!(some, content[at as usize..][..10]);
        }
        file.seek(SeekFrom::End(5)).unwrap();
        assert_eq!(file.read(&mut some).unwrap(), 0);
        assert_eq!(file.seek(SeekFrom::End(-50_001)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(service.open_file(&unknown()).unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn a_file_that_goes_while_it_is_read_is_told() {
    let service = local_service();
    let id = service.upload_bytes(b"x", &UploadOptions::new()).unwrap();
    let mut file = service.open_file(&id).unwrap();
    service.delete(&id, &CallOptions::new()).unwrap();
    assert_eq!(file.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn an_upload_that_is_written_is_a_file_once_it_is_finished() {
    for store in stores() {
        let service = store.open();
        let content = bytes(9_000_000);
        let mut upload = service.create_file(&UploadOptions::new().path("written.bin").metadata("k", "v")).unwrap();
        upload.write_all(&content[..10]).unwrap();
        upload.flush().unwrap();
        assert!(!service.exists(&upload.id(), &CallOptions::new()).unwrap(), "{}", store.name);
        upload.write_all(&content[10..]).unwrap();
        assert_eq!(upload.offset(), 9_000_000);
        let id = upload.finish().unwrap();
        assert!(service.download_bytes(&id, &DownloadOptions::new()).unwrap() == content, "{}", store.name);
        let info = service.metadata(&id, &CallOptions::new()).unwrap();
        assert_eq!((info.path.as_str(), info.metadata.get("k").unwrap().as_str()), ("written.bin", Some("v")));
    }
}

#[test]
fn an_empty_upload_is_a_file() {
    for store in stores() {
        let service = store.open();
        let id = service.create_file(&UploadOptions::new()).unwrap().finish().unwrap();
        assert_eq!(service.metadata(&id, &CallOptions::new()).unwrap().size, 0, "{}", store.name);
    }
}

#[test]
fn an_upload_that_is_dropped_is_given_up() {
    for store in stores() {
        let service = store.open();
        let mut upload = service.create_file(&UploadOptions::new()).unwrap();
        upload.write_all(b"nothing of this").unwrap();
        upload.flush().unwrap();
        let id = upload.id();
        drop(upload);
        assert_eq!(
            service.upload_state(&id, &CallOptions::new()).unwrap_err().code(),
            Code::NotFound,
            "{}",
            store.name
        );
        assert_eq!(service.resume_file(&id).unwrap_err().code(), Code::NotFound);
        assert_eq!(service.files().count(), 0);
    }
}

#[test]
fn an_upload_that_is_left_is_gone_on_with() {
    for store in stores() {
        let mut upload = store.open().create_file(&UploadOptions::new().size(11)).unwrap();
        upload.write_all(b"first, ").unwrap();
        let id = upload.leave().unwrap();

        let service = store.open();
        let state = service.upload_state(&id, &CallOptions::new()).unwrap();
        assert_eq!((state.offset, state.length, state.is_finished), (7, Some(11), false), "{}", store.name);
        let mut upload = service.resume_file(&id).unwrap();
        upload.write_all(b"more").unwrap();
        upload.finish().unwrap();
        assert_eq!(service.download_bytes(&id, &DownloadOptions::new()).unwrap(), b"first, more");
        assert!(!service.end_upload(&id, &CallOptions::new()).unwrap());
        assert_eq!(service.sweep_uploads(&CallOptions::new()).unwrap(), 0);
        assert!(service.max_upload_length() > 0);
    }
}

#[test]
fn what_a_descriptor_gives_is_appended() {
    for store in stores() {
        let (service, path) = (store.open(), store.directory.join("from"));
        std::fs::write(&path, "from a descriptor").unwrap();
        let mut upload = service.create_file(&UploadOptions::new()).unwrap();
        upload.write_all(b"and ").unwrap();
        upload.append_from(&std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(upload.offset(), 21);
        let id = upload.finish().unwrap();
        assert_eq!(
            service.download_bytes(&id, &DownloadOptions::new()).unwrap(),
            b"and from a descriptor",
            "{}",
            store.name
        );
    }
}

#[test]
fn more_bytes_than_were_told_are_refused() {
    let service = local_service();
    let mut upload = service.create_file(&UploadOptions::new().size(3)).unwrap();
    upload.write_all(b"four").unwrap();
    let error = upload.flush().unwrap_err();
    let error = error.get_ref().unwrap().downcast_ref::<filestore::Error>().unwrap();
    assert_eq!(error.code(), Code::Rejected);
}

#[test]
fn type_warnings_are_heard() {
    let store = local();
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let mut options: Options = store.options();
    options.set("type_policy", "warn").unwrap();
    options.on_warning(move |warning| tell.lock().unwrap().send(warning).unwrap()).unwrap();
    let service = Service::open(&options).unwrap();
    drop(options);
    service.upload_bytes(b"no picture", &UploadOptions::new().path("a.pdf").content_type("image/png")).unwrap();
    let warning = told.recv().unwrap();
    assert_eq!((warning.path.as_str(), warning.declared_type.as_str()), ("a.pdf", "image/png"));
    assert!(!warning.message.is_empty());
}
