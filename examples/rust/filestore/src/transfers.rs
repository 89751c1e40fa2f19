//! Transfers and questions as futures, of services and of backends: the arguments of C differ by what is asked only.

use crate::download::source_failed;
use crate::ffi::{path_text, OptionalText};
use crate::future::{ask, own_token, with, Answer};
use crate::streams::{self, Stream};
use crate::{
    Backend, Call, CallOptions, DownloadOptions, FileId, FileInfo, ListPage, PresignOptions, Result, Service,
    SignedUrl, UploadOptions,
};
use filestore_sys as sys;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// What an upload to a service answers, which makes the ID; one to a backend answers nothing.
fn new_id(answer: &Answer) -> Result<FileId> {
    answer.outcome().and_then(|_| answer.id())
}

macro_rules! uploads {
    ($owner:ident, $output:ty, $take:expr, ($($name:ident: $type:ty)?), $path:ident, $buffer:ident, $callback:ident) => {
        impl $owner {
            #[doc = concat!("As [`", stringify!($owner), "::upload_path`].")]
            pub fn upload_path_async(&self, $($name: $type,)? path: impl AsRef<Path>, options: &UploadOptions) -> Call<$output> {
                let path = path_text(path.as_ref());
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| Ok((path?, options.clone().cancel(token).raw()?)),
                    // SAFETY: what is kept lives until `done` is called, as in all that follows.
                    |kept, done, context, err| unsafe {
                        let (path, raw) = &*kept;
                        sys::$path(self.as_ptr(), $($name.as_ptr(),)? path.as_ptr(), raw.as_ptr(), done, context, err)
                    },
                    |answer, _| $take(answer),
                )
            }

            #[doc = concat!("As [`", stringify!($owner), "::upload_bytes`].")]
            pub fn upload_bytes_async(
                &self,
                $($name: $type,)?
                bytes: impl AsRef<[u8]> + Send + 'static,
                options: &UploadOptions,
            ) -> Call<$output> {
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| Ok((bytes, options.clone().cancel(token).raw()?)),
                    |kept, done, context, err| unsafe {
                        let (bytes, raw) = &*kept;
                        let (bytes, options) = (bytes.as_ref(), raw.as_ptr());
                        let (data, size) = (bytes.as_ptr().cast(), bytes.len());
                        sys::$buffer(self.as_ptr(), $($name.as_ptr(),)? data, size, options, done, context, err)
                    },
                    |answer, _| $take(answer),
                )
            }

            #[doc = concat!("As [`", stringify!($owner), "::upload`]; the reader is read on a thread of the library, and may block.")]
            pub fn upload_async<R: Read + Send + 'static>(&self, $($name: $type,)? reader: R, options: &UploadOptions) -> Call<$output> {
                self.upload_stream_async($($name,)? Stream::new(reader), None, options)
            }

            #[doc = concat!("As [`", stringify!($owner), "::upload_seekable`].")]
            pub fn upload_seekable_async<R: Read + Seek + Send + 'static>(
                &self,
                $($name: $type,)?
                reader: R,
                options: &UploadOptions,
            ) -> Call<$output> {
                with(Stream::seekable(reader).map_err(source_failed), |stream| {
                    self.upload_stream_async($($name,)? stream, Some(streams::rewind::<R>), options)
                })
            }

            fn upload_stream_async<R: Read + Send + 'static>(
                &self,
                $($name: $type,)?
                stream: Stream<R>,
                rewind: sys::filestore_rewind_function,
                options: &UploadOptions,
            ) -> Call<$output> {
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| Ok((stream, options.clone().cancel(token).raw()?)),
                    |kept, done, context, err| unsafe {
                        let (stream, raw) = &mut *kept;
                        let (stream, raw) = (stream.as_context(), raw.as_ptr());
                        let (read, size) = (Some(streams::read::<R> as _), options.c_size());
                        sys::$callback(self.as_ptr(), $($name.as_ptr(),)? read, rewind, stream, size, raw, done, context, err)
                    },
                    |answer, (mut stream, _)| $take(answer).map_err(|error| error.because(stream.failure.take())),
                )
            }
        }
    };
}

uploads!(
    Service,
    FileId,
    new_id,
    (),
    filestore_upload_path_async,
    filestore_upload_buffer_async,
    filestore_upload_callback_async
);
uploads!(
    Backend,
    (),
    Answer::outcome,
    (id: &FileId),
    filestore_backend_upload_path_async,
    filestore_backend_upload_buffer_async,
    filestore_backend_upload_callback_async
);

macro_rules! downloads {
    ($owner:ident, $path:ident, $buffer:ident, $callback:ident) => {
        impl $owner {
            #[doc = concat!("As [`", stringify!($owner), "::download_path`]; the number of bytes.")]
            pub fn download_path_async(&self, id: &FileId, path: impl AsRef<Path>, options: &DownloadOptions) -> Call<u64> {
                let path = path_text(path.as_ref());
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| Ok((path?, options.clone().cancel(token).raw()?)),
                    |kept, done, context, err| unsafe {
                        let (path, raw) = &*kept;
                        sys::$path(self.as_ptr(), id.as_ptr(), path.as_ptr(), raw.as_ptr(), done, context, err)
                    },
                    |answer, (_, raw)| raw.explain(answer.outcome(), None).map(|_| answer.size()),
                )
            }

            #[doc = concat!("As [`", stringify!($owner), "::download_bytes`].")]
            pub fn download_bytes_async(&self, id: &FileId, options: &DownloadOptions) -> Call<Vec<u8>> {
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| options.clone().cancel(token).raw(),
                    |raw, done, context, err| unsafe {
                        sys::$buffer(self.as_ptr(), id.as_ptr(), (*raw).as_ptr(), done, context, err)
                    },
                    |answer, raw| raw.explain(answer.outcome(), None).map(|_| answer.bytes().to_vec()),
                )
            }

            #[doc = concat!(
                "As [`", stringify!($owner), "::download`]; the writer is written to on a thread of the library, may block, and comes back with the number of bytes."
            )]
            pub fn download_async<W: Write + Send + 'static>(&self, id: &FileId, writer: W, options: &DownloadOptions) -> Call<(W, u64)> {
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| Ok((Stream::new(writer), options.clone().cancel(token).raw()?)),
                    |kept, done, context, err| unsafe {
                        let (stream, raw) = &mut *kept;
                        let (write, stream, raw) = (Some(streams::write::<W> as _), stream.as_context(), raw.as_ptr());
                        sys::$callback(self.as_ptr(), id.as_ptr(), write, stream, raw, done, context, err)
                    },
                    |answer, (mut stream, raw)| {
                        raw.explain(answer.outcome(), stream.failure.take())?;
                        Ok((stream.stream, answer.size()))
                    },
                )
            }
        }
    };
}

downloads!(Service, filestore_download_path_async, filestore_download_buffer_async, filestore_download_callback_async);
downloads!(
    Backend,
    filestore_backend_download_path_async,
    filestore_backend_download_buffer_async,
    filestore_backend_download_callback_async
);

macro_rules! questions {
    ($owner:ident, $delete:ident, $exists:ident, $list:ident, $presign:ident) => {
        impl $owner {
            #[doc = concat!("As [`", stringify!($owner), "::delete`].")]
            pub fn delete_async(&self, id: &FileId, options: &CallOptions) -> Call<bool> {
                ask(options, Answer::yes, |raw, done, context, err| unsafe {
                    sys::$delete(self.as_ptr(), id.as_ptr(), raw, done, context, err)
                })
            }

            #[doc = concat!("As [`", stringify!($owner), "::exists`].")]
            pub fn exists_async(&self, id: &FileId, options: &CallOptions) -> Call<bool> {
                ask(options, Answer::yes, |raw, done, context, err| unsafe {
                    sys::$exists(self.as_ptr(), id.as_ptr(), raw, done, context, err)
                })
            }

            #[doc = concat!("As [`", stringify!($owner), "::list_page`].")]
            pub fn list_page_async(&self, cursor: Option<&str>, limit: u32, options: &CallOptions) -> Call<ListPage> {
                with(OptionalText::new(cursor), |cursor| {
                    ask(options, Answer::page, |raw, done, context, err| unsafe {
                        sys::$list(self.as_ptr(), cursor.as_ptr(), limit, raw, done, context, err)
                    })
                })
            }

            #[doc = concat!("As [`", stringify!($owner), "::presign`].")]
            pub fn presign_async(&self, id: &FileId, options: &PresignOptions) -> Call<SignedUrl> {
                Call::begin(
                    own_token(&options.limits.cancel),
                    |token| options.clone().cancel(token).raw(),
                    |raw, done, context, err| unsafe {
                        sys::$presign(self.as_ptr(), id.as_ptr(), (*raw).as_ptr(), done, context, err)
                    },
                    |answer, _| answer.outcome().and_then(|_| answer.url()),
                )
            }
        }
    };
}

questions!(Service, filestore_delete_async, filestore_exists_async, filestore_list_async, filestore_presign_async);
questions!(
    Backend,
    filestore_backend_delete_async,
    filestore_backend_exists_async,
    filestore_backend_list_async,
    filestore_backend_presign_async
);

impl Service {
    /// Reads a file into memory that is handed over, and comes back with the number of bytes.
    pub fn download_into_async<M: AsMut<[u8]> + Send + 'static>(
        &self,
        id: &FileId,
        memory: M,
        options: &DownloadOptions,
    ) -> Call<(M, usize)> {
        Call::begin(
            own_token(&options.limits.cancel),
            |token| Ok((memory, options.clone().cancel(token).raw()?)),
            |kept, done, context, err| unsafe {
                let (memory, raw) = &mut *kept;
                let memory = memory.as_mut();
                let (data, capacity, raw) = (memory.as_mut_ptr().cast(), memory.len(), raw.as_ptr());
                sys::filestore_download_into_async(self.as_ptr(), id.as_ptr(), data, capacity, raw, done, context, err)
            },
            |answer, (memory, raw)| raw.explain(answer.outcome(), None).map(|_| (memory, answer.size() as usize)),
        )
    }

    /// As [`Service::undelete`].
    pub fn undelete_async(&self, id: &FileId, options: &CallOptions) -> Call<bool> {
        ask(options, Answer::yes, |raw, done, context, err| unsafe {
            sys::filestore_undelete_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }

    /// As [`Service::metadata`].
    pub fn metadata_async(&self, id: &FileId, options: &CallOptions) -> Call<FileInfo> {
        ask(options, Answer::info, |raw, done, context, err| unsafe {
            sys::filestore_metadata_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }
}

impl Backend {
    /// As [`Backend::metadata`].
    pub fn metadata_async(&self, id: &FileId, options: &CallOptions) -> Call<(FileInfo, String)> {
        let take = |answer: &Answer| Ok((answer.info()?, answer.version()));
        ask(options, take, |raw, done, context, err| unsafe {
            sys::filestore_backend_metadata_async(self.as_ptr(), id.as_ptr(), raw, done, context, err)
        })
    }
}
