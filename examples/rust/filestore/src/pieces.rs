//! Uploads in pieces as futures; [`UploadWriter`](crate::UploadWriter) is for those who may block.

use crate::future::{ask, own_token, Answer};
use crate::streams::{self, Stream};
use crate::{Call, CallOptions, FileId, Result, Service, UploadOptions, UploadState};
use filestore_sys as sys;
use std::io::Read;
use std::os::unix::io::AsRawFd;

fn state(answer: &Answer) -> Result<UploadState> {
    let length = Some(answer.length()).filter(|length| *length != sys::FILESTORE_UNKNOWN_SIZE);
    Ok(UploadState { offset: answer.offset(), length, is_finished: answer.flag() })
}

fn c_length(length: Option<u64>) -> u64 {
    length.unwrap_or(sys::FILESTORE_UNKNOWN_SIZE)
}

impl Service {
    /// Begins an upload in pieces, of [`UploadOptions::size`] bytes where that is known; the ID that its file will have.
    pub fn begin_upload_async(&self, options: &UploadOptions) -> Call<FileId> {
        Call::begin(
            own_token(&options.limits.cancel),
            |token| options.clone().cancel(token).raw(),
            // SAFETY: what is kept lives until `done` is called, as in all that follows.
            |raw, done, context, err| unsafe {
                sys::filestore_upload_begin_async(self.as_ptr(), options.c_size(), (*raw).as_ptr(), done, context, err)
            },
            |answer, _| answer.outcome().and_then(|_| answer.id()),
        )
    }

    /// Appends what a reader gives, which goes to `offset`; where the next bytes go. `length` is that of the whole file, where it was not told yet.
    pub fn append_async<R: Read + Send + 'static>(
        &self,
        id: &FileId,
        offset: u64,
        reader: R,
        length: Option<u64>,
        options: &UploadOptions,
    ) -> Call<u64> {
        Call::begin(
            own_token(&options.limits.cancel),
            |token| Ok((Stream::new(reader), options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (stream, raw) = &mut *kept;
                let (service, id, read) = (self.as_ptr(), id.as_ptr(), Some(streams::read::<R> as _));
                let (stream, raw) = (stream.as_context(), raw.as_ptr());
                let (size, length) = (options.c_size(), c_length(length));
                sys::filestore_upload_append_callback_async(
                    service, id, offset, read, stream, size, length, raw, done, context, err,
                )
            },
            |answer, (mut stream, _)| {
                let result = answer.outcome().map(|_| answer.offset());
                result.map_err(|error| error.because(stream.failure.take()))
            },
        )
    }

    /// The same with what an open file, pipe or socket gives, which stays open until the future is ready.
    pub fn append_from_async<F: AsRawFd + Send + 'static>(
        &self,
        id: &FileId,
        offset: u64,
        file: F,
        length: Option<u64>,
        options: &UploadOptions,
    ) -> Call<u64> {
        Call::begin(
            own_token(&options.limits.cancel),
            |token| Ok((file, options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (file, raw) = &*kept;
                let (service, id, file, raw) = (self.as_ptr(), id.as_ptr(), file.as_raw_fd(), raw.as_ptr());
                let length = c_length(length);
                sys::filestore_upload_append_descriptor_async(
                    service, id, offset, file, length, raw, done, context, err,
                )
            },
            |answer, _| answer.outcome().map(|_| answer.offset()),
        )
    }

    /// As [`Service::upload_state`].
    pub fn upload_state_async(&self, id: &FileId, options: &CallOptions) -> Call<UploadState> {
        ask(options, state, |raw, done, context, err| unsafe {
            sys::filestore_upload_state_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }

    /// Makes the file, once all bytes are there.
    pub fn finish_upload_async(&self, id: &FileId, options: &CallOptions) -> Call<FileId> {
        ask(options, Answer::id, |raw, done, context, err| unsafe {
            sys::filestore_upload_finish_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }

    /// As [`Service::end_upload`].
    pub fn end_upload_async(&self, id: &FileId, options: &CallOptions) -> Call<bool> {
        ask(options, Answer::yes, |raw, done, context, err| unsafe {
            sys::filestore_upload_end_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }
}
