//! Uploads that are written to, over many calls, processes and days.

use crate::ffi::check;
use crate::streams::{self, Stream};
use crate::{CallOptions, Error, FileId, Result, Service, UploadOptions};
use filestore_sys as sys;
use std::io::{self, Write};
use std::os::unix::io::AsRawFd;
use std::ptr;

const BUFFERED: usize = 8 << 20;

/// How far an upload in pieces is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadState {
    /// Where the next bytes go.
    pub offset: u64,
    /// How many bytes the file will have, where that was told.
    pub length: Option<u64>,
    /// Whether it is a file.
    pub is_finished: bool,
}

/// An upload that is written to: [`Write`]. The store keeps what is written, in pieces of 8 MiB and where it is flushed; only
/// [`UploadWriter::finish`] makes a file of it. One that is dropped without that is given up; one that is [left](UploadWriter::leave) can
/// be gone on with, by any process, until the option `upload_lifetime` is over.
///
/// ```
/// use std::io::Write;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = filestore::doc_directory();
/// # let service = filestore::Service::open(&filestore::Options::local(&directory)?)?;
/// let mut upload = service.create_file(&filestore::UploadOptions::new().path("lines.txt"))?;
/// for number in 1..=3 {
///     writeln!(upload, "line {}", number)?;
/// }
/// let id = upload.finish()?;
/// assert_eq!(service.metadata(&id, &Default::default())?.size, 21);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UploadWriter {
    service: Service,
    id: FileId,
    offset: u64,
    buffer: Vec<u8>,
    options: UploadOptions,
    is_over: bool,
}

impl Service {
    /// Begins an upload in pieces. [`Code::Unsupported`](crate::Code::Unsupported) where the store has none.
    pub fn create_file(&self, options: &UploadOptions) -> Result<UploadWriter> {
        let raw = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        let id = FileId::written_by(|id, error| unsafe {
            sys::filestore_upload_begin(self.as_ptr(), options.c_size(), raw.as_ptr(), id, error)
        })?;
        Ok(self.writer(id, 0, options))
    }

    /// Goes on with an upload that was left.
    pub fn resume_file(&self, id: &FileId) -> Result<UploadWriter> {
        let state = self.upload_state(id, &CallOptions::new())?;
        let mut options = UploadOptions::new();
        options.size = state.length;
        Ok(self.writer(*id, state.offset, &options))
    }

    fn writer(&self, id: FileId, offset: u64, options: &UploadOptions) -> UploadWriter {
        UploadWriter { service: self.clone(), id, offset, buffer: Vec::new(), options: options.clone(), is_over: false }
    }

    /// How far an upload in pieces is.
    pub fn upload_state(&self, id: &FileId, options: &CallOptions) -> Result<UploadState> {
        let (options, mut offset, mut length, mut finished) = (options.raw()?, 0, 0, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            let (service, options) = (self.as_ptr(), options.as_ptr());
            sys::filestore_upload_state(service, id.as_ptr(), options, &mut offset, &mut length, &mut finished, error)
        })?;
        let length = Some(length).filter(|length| *length != sys::FILESTORE_UNKNOWN_SIZE);
        Ok(UploadState { offset, length, is_finished: finished != 0 })
    }

    /// Gives an upload in pieces up; whether there was one that is no file yet.
    pub fn end_upload(&self, id: &FileId, options: &CallOptions) -> Result<bool> {
        let (options, mut ended) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_upload_end(self.as_ptr(), id.as_ptr(), options.as_ptr(), &mut ended, error)
        })?;
        Ok(ended != 0)
    }

    /// Ends the uploads to which no byte came for the option `upload_lifetime`; how many.
    pub fn sweep_uploads(&self, options: &CallOptions) -> Result<u64> {
        let (options, mut count) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe { sys::filestore_sweep_uploads(self.as_ptr(), options.as_ptr(), &mut count, error) })?;
        Ok(count)
    }

    /// The most bytes that an upload in pieces can have here; 0 where the store has none.
    pub fn max_upload_length(&self) -> u64 {
        // SAFETY: the service lives.
        unsafe { sys::filestore_max_upload_length(self.as_ptr()) }
    }
}

impl UploadWriter {
    /// The ID that the file will have.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// How many bytes were written, those of earlier processes included.
    pub fn offset(&self) -> u64 {
        self.offset + self.buffer.len() as u64
    }

    /// Appends what an open file, pipe or socket gives, from its position on to its end. It stays the caller's; the position of a regular file is not moved.
    pub fn append_from(&mut self, file: &impl AsRawFd) -> Result<()> {
        self.append()?;
        let (raw, mut next) = (self.options.raw()?, self.offset);
        let (service, id, length) = (self.service.as_ptr(), self.id.as_ptr(), self.options.c_size());
        // SAFETY: all arguments live as long as the call.
        let result = check(|error| unsafe {
            let (offset, descriptor) = (self.offset, file.as_raw_fd());
            let options = raw.as_ptr();
            sys::filestore_upload_append_descriptor(service, id, offset, descriptor, length, options, &mut next, error)
        });
        if result.is_err() {
            next = self.stored_offset().unwrap_or(self.offset);
        }
        self.offset = next;
        result
    }

    /// Makes the file.
    pub fn finish(mut self) -> Result<FileId> {
        self.append()?;
        if self.options.size.is_none() {
            self.tell_length()?;
        }
        let options = CallOptions::new().raw()?;
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_upload_finish(self.service.as_ptr(), self.id.as_ptr(), options.as_ptr(), error)
        })?;
        self.is_over = true;
        Ok(self.id)
    }

    /// Keeps what was written, for [`Service::resume_file`].
    pub fn leave(mut self) -> Result<FileId> {
        self.append()?;
        self.is_over = true;
        Ok(self.id)
    }

    fn append(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        match self.append_piece(&self.buffer, self.options.c_size()) {
            Ok(next) => self.move_to(next),
            Err(error) => {
                // What went through before the failure stays there.
                if let Ok(offset) = self.stored_offset() {
                    self.move_to(offset);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn stored_offset(&self) -> Result<u64> {
        Ok(self.service.upload_state(&self.id, &CallOptions::new())?.offset)
    }

    fn move_to(&mut self, offset: u64) {
        let stored = offset.saturating_sub(self.offset).min(self.buffer.len() as u64);
        self.buffer.drain(..stored as usize);
        self.offset += stored;
    }

    fn tell_length(&mut self) -> Result<()> {
        self.append_piece(&[], self.offset).map(|_| ())
    }

    fn append_piece(&self, piece: &[u8], length: u64) -> Result<u64> {
        let (raw, mut stream, mut next) = (self.options.raw()?, Stream::new(piece), 0);
        let (service, id, context, size) =
            (self.service.as_ptr(), self.id.as_ptr(), stream.as_context(), piece.len() as u64);
        // SAFETY: all arguments live as long as the call, and the callback gets the stream that it is for.
        let result = check(|error| unsafe {
            let read = Some(streams::read::<&[u8]> as _);
            sys::filestore_upload_append_callback(
                service,
                id,
                self.offset,
                read,
                context,
                size,
                length,
                raw.as_ptr(),
                &mut next,
                error,
            )
        });
        result.map(|_| next).map_err(|error: Error| error.because(stream.failure.take()))
    }
}

impl Write for UploadWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == BUFFERED {
            self.append()?;
        }
        let taken = bytes.len().min(BUFFERED - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.append()?)
    }
}

impl Drop for UploadWriter {
    fn drop(&mut self) {
        if !self.is_over {
            // Where that fails the store gives the upload up by itself, later.
            // SAFETY: all arguments live as long as the call.
            unsafe {
                sys::filestore_upload_end(
                    self.service.as_ptr(),
                    self.id.as_ptr(),
                    ptr::null(),
                    ptr::null_mut(),
                    ptr::null_mut(),
                );
            }
        }
    }
}
