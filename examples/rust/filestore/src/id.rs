//! The IDs of files.

use crate::ffi::{check, text};
use crate::{Code, Error, Result};
use filestore_sys as sys;
use std::ffi::CStr;
use std::fmt;
use std::os::raw::c_char;
use std::str::FromStr;

const SIZE: usize = sys::FILESTORE_ID_SIZE as usize;

/// The ID of a file. A value; its text is a UUID of version 4 in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId([u8; SIZE]);

impl FileId {
    /// A new random ID, for files in a [`Backend`](crate::Backend); a service makes those of its files.
    pub fn generate() -> Result<FileId> {
        // SAFETY: the place has room for an ID.
        FileId::written_by(|place, error| unsafe { sys::filestore_generate_id(place, error) })
    }

    /// The ID that a call puts into the place it is given.
    pub(crate) fn written_by(call: impl FnOnce(*mut c_char, *mut *mut sys::filestore_error) -> i32) -> Result<FileId> {
        let mut id = [0; SIZE];
        check(|error| call(id.as_mut_ptr().cast(), error))?;
        Ok(FileId(id))
    }

    /// # Safety
    /// `pointer` is a text that lives for the time of the call.
    pub(crate) unsafe fn read(pointer: *const c_char) -> Result<FileId> {
        FileId::copied(CStr::from_ptr(pointer).to_bytes())
    }

    fn copied(bytes: &[u8]) -> Result<FileId> {
        if bytes.len() != SIZE - 1 || !bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-') {
            return Err(Error::new(
                Code::InvalidArgument,
                "a file ID has 36 characters, such as 6f1c2a70-41d5-4c9b-8c3e-0a4b7d2f9e11",
            ));
        }
        let mut id = [0; SIZE];
        id[..SIZE - 1].copy_from_slice(bytes);
        Ok(FileId(id))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0[..SIZE - 1]).unwrap_or("")
    }

    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }
}

impl FromStr for FileId {
    type Err = Error;

    /// Whether it is the ID of a file says the store.
    fn from_str(value: &str) -> Result<FileId> {
        FileId::copied(text(value)?.as_bytes())
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "FileId({})", self.as_str())
    }
}
