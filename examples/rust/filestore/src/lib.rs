//! Stores files: a stream and some metadata go in, and come out by ID. The bytes live in a local directory or in an S3-compatible store, and
//! every upload and deletion is recorded.
//!
//! - [`Service`] stores, reads, lists, removes and cleans up; [`Options`] say where.
//! - [`Service::upload`] takes any [`Read`](std::io::Read), [`Service::download`] any [`Write`](std::io::Write); [`Service::open_file`] is a stored file as
//!   `Read` and `Seek`, and [`Service::create_file`] an upload as `Write`.
//! - Calls whose names end with `_async` answer a [`Call`]: a future for any runtime. Dropped, it cancels.
//! - [`Backend`] is the store below, with versions and conditions; [`StorageBackend`] makes one in Rust.
//!
//! Every failure is an [`Error`] with a [`Code`]. Blocking calls must not be made in a callback or in a waker: they answer [`Code::WouldDeadlock`]
//! there. A panic in a callback does not leave it: the call fails, and [`Error`]'s source says what the panic said. Everything is [`Send`] and, but for
//! [`Task`], [`Sync`]; a [`Request`] stays on the thread of its call.

#![warn(missing_docs, rust_2018_idioms)]
#![allow(elided_lifetimes_in_paths)]

mod audit;
mod backend;
mod batches;
mod call_options;
mod cancel;
mod download;
mod error;
mod executor;
mod export;
mod ffi;
mod files;
mod future;
mod id;
mod json;
mod limits;
mod options;
mod pieces;
mod presign;
mod reader;
mod report;
mod retention;
mod service;
mod storage;
mod storage_pieces;
mod storage_upkeep;
mod streams;
mod thread_classes;
mod transfers;
mod upkeep;
mod upload;
mod verify;
mod writer;

pub use audit::{salvage_catalogue, Drift, UnreadableRow};
pub use backend::{Ability, Backend};
pub use batches::BatchOutcome;
pub use call_options::CallOptions;
pub use cancel::{CancelToken, Pause};
pub use download::DownloadOptions;
pub use error::{Code, Error, Result};
pub use executor::Task;
pub use export::{Exporter, ExporterOptions, KeyRequest, SendOptions};
pub use files::{FileInfo, Files, ListEntry, ListPage};
pub use future::Call;
pub use id::FileId;
pub use json::Json;
pub use options::{convert_store, Layout, Options, Warning};
pub use presign::{check_signed_url, Method, PresignOptions, SignedUrl};
pub use reader::FileReader;
pub use report::Told;
pub use retention::{CleanedFile, CleanupCounts, CleanupOptions, Schedule};
pub use service::Service;
pub use storage::{Description, Listing, Request, StorageBackend};
pub use storage_pieces::{Append, PartialUpload, PieceStore};
pub use storage_upkeep::{KeptVersions, Removal, Upkeep, Verified};
pub use upload::UploadOptions;
pub use verify::{Finding, VerifyOptions};
pub use writer::{UploadState, UploadWriter};

/// The version of the library that runs, for example "0.1.0".
pub fn version() -> &'static str {
    // SAFETY: the text lives for ever.
    unsafe { std::ffi::CStr::from_ptr(filestore_sys::filestore_version()) }.to_str().unwrap_or("")
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[doc(hidden)]
pub mod doc;
#[doc(hidden)]
pub use doc::{block_on as doc_block_on, directory as doc_directory};
