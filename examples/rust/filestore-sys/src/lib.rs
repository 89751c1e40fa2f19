//! The functions, types and constants of `filestore.h`, as they are: the header says what each does, and its numbered conventions
//! hold. The crate `filestore` is for programs; this one is for those who need what that lacks.
//!
//! `bindings.rs` is what `bindgen` makes of the header. A test of the library fails where they differ, and one of this crate
//! compares names, numbers and places with the header that is installed.

#![no_std]

extern crate std;

#[allow(non_camel_case_types, missing_docs)]
#[rustfmt::skip]
mod bindings;

pub use bindings::*;

/// A size that is not known, and a length that reaches to the end.
pub const FILESTORE_UNKNOWN_SIZE: u64 = u64::MAX;
