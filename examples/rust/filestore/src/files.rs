//! Stored files: what is known of them, their listing, and their end.

use crate::ffi::{check, handle, utf8, Buffer, OptionalText};
use crate::json::Json;
use crate::{CallOptions, Code, Error, FileId, Result, Service};
use filestore_sys as sys;

handle!(PageHandle, filestore_list_page, filestore_list_page_destroy);

/// What is known of a file. A value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileInfo {
    /// Its ID.
    pub id: FileId,
    /// The name that it has for its owner; empty where there is none.
    pub path: String,
    /// Its bytes.
    pub size: u64,
    /// RFC 3339, UTC.
    pub last_modified: String,
    /// Its content type.
    pub content_type: String,
    /// What the uploader gave: a JSON object.
    pub metadata: Json,
}

impl FileInfo {
    pub(crate) fn parse(json: &str) -> Result<FileInfo> {
        let json = Json::parse(json)?;
        let lacks = |name: &str| Error::new(Code::Internal, format!("the answer has no {}", name));
        let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or("").to_string();
        Ok(FileInfo {
            id: text("file_id").parse()?,
            path: text("original_path"),
            size: json.get("size").and_then(Json::as_u64).ok_or_else(|| lacks("size"))?,
            last_modified: text("last_modified"),
            content_type: text("content_type"),
            metadata: json.get("metadata").cloned().ok_or_else(|| lacks("metadata"))?,
        })
    }
}

/// A file of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntry {
    /// Its ID.
    pub id: FileId,
    /// Its bytes.
    pub size: u64,
    /// RFC 3339, UTC.
    pub last_modified: String,
}

/// A part of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPage {
    /// Files, by ID; there may be none although more pages follow.
    pub files: Vec<ListEntry>,
    /// The cursor of the next page; nothing after the last one.
    pub next: Option<String>,
}

impl ListPage {
    /// # Safety
    /// `page` lives for the time of the call.
    pub(crate) unsafe fn read(page: *const sys::filestore_list_page) -> Result<ListPage> {
        let mut files = Vec::new();
        for index in 0..sys::filestore_list_page_count(page) {
            files.push(ListEntry {
                id: FileId::read(sys::filestore_list_page_id(page, index))?,
                size: sys::filestore_list_page_size(page, index),
                last_modified: crate::ffi::text_of(sys::filestore_list_page_last_modified(page, index)),
            });
        }
        let next = sys::filestore_list_page_next(page);
        Ok(ListPage { files, next: if next.is_null() { None } else { Some(crate::ffi::text_of(next)) } })
    }

    pub(crate) fn made_by(
        call: impl FnOnce(*mut *mut sys::filestore_list_page, *mut *mut sys::filestore_error) -> i32,
    ) -> Result<ListPage> {
        let page = PageHandle::make(call)?;
        // SAFETY: the page lives.
        unsafe { ListPage::read(page.as_ptr()) }
    }
}

/// All files of a service, a page at a time. A failure is told, and ends it.
#[derive(Debug)]
pub struct Files {
    service: Service,
    page: std::vec::IntoIter<ListEntry>,
    /// None: there is no other page.
    next: Option<Option<String>>,
    options: CallOptions,
}

impl Iterator for Files {
    type Item = Result<ListEntry>;

    fn next(&mut self) -> Option<Result<ListEntry>> {
        loop {
            if let Some(file) = self.page.next() {
                return Some(Ok(file));
            }
            let cursor = self.next.take()?;
            match self.service.list_page(cursor.as_deref(), 0, &self.options) {
                Ok(page) => {
                    self.page = page.files.into_iter();
                    self.next = page.next.map(Some);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Service {
    /// Removes a file and records it; whether it was there.
    pub fn delete(&self, id: &FileId, options: &CallOptions) -> Result<bool> {
        let (options, mut deleted) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_delete(self.as_ptr(), id.as_ptr(), options.as_ptr(), &mut deleted, error)
        })?;
        Ok(deleted != 0)
    }

    /// Takes a deletion back that was made with the option `soft_delete_grace`; whether there was something to do.
    pub fn undelete(&self, id: &FileId, options: &CallOptions) -> Result<bool> {
        let (options, mut restored) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_undelete(self.as_ptr(), id.as_ptr(), options.as_ptr(), &mut restored, error)
        })?;
        Ok(restored != 0)
    }

    /// A page of the files that [`Service::undelete`] gives back: a JSON object with `files` and `next`.
    pub fn deleted_files(&self, cursor: Option<&str>, limit: u32, options: &CallOptions) -> Result<Json> {
        let (cursor, options) = (OptionalText::new(cursor)?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        Json::made_by(|out, error| unsafe {
            sys::filestore_deleted_files(self.as_ptr(), cursor.as_ptr(), limit, options.as_ptr(), out, error)
        })
    }

    /// Whether a file is there; an error where that cannot be told.
    pub fn exists(&self, id: &FileId, options: &CallOptions) -> Result<bool> {
        let (options, mut exists) = (options.raw()?, 0);
        // SAFETY: all arguments live as long as the call.
        check(|error| unsafe {
            sys::filestore_exists(self.as_ptr(), id.as_ptr(), options.as_ptr(), &mut exists, error)
        })?;
        Ok(exists != 0)
    }

    /// What is known of a file.
    pub fn metadata(&self, id: &FileId, options: &CallOptions) -> Result<FileInfo> {
        let options = options.raw()?;
        // SAFETY: all arguments live as long as the call.
        let json = Buffer::make(|out, error| unsafe {
            sys::filestore_metadata(self.as_ptr(), id.as_ptr(), options.as_ptr(), out, error)
        })?;
        FileInfo::parse(&utf8(json.bytes())?)
    }

    /// A page of the stored files; at most `limit` (1 to 1000), or 0 for 1000.
    pub fn list_page(&self, cursor: Option<&str>, limit: u32, options: &CallOptions) -> Result<ListPage> {
        let (cursor, options) = (OptionalText::new(cursor)?, options.raw()?);
        // SAFETY: all arguments live as long as the call.
        ListPage::made_by(|out, error| unsafe {
            sys::filestore_list(self.as_ptr(), cursor.as_ptr(), limit, options.as_ptr(), out, error)
        })
    }

    /// All stored files, by ID.
    pub fn files(&self) -> Files {
        Files { service: self.clone(), page: Vec::new().into_iter(), next: Some(None), options: CallOptions::new() }
    }
}

impl Json {
    /// The JSON that a call puts into a new buffer.
    pub(crate) fn made_by(
        call: impl FnOnce(*mut *mut sys::filestore_buffer, *mut *mut sys::filestore_error) -> i32,
    ) -> Result<Json> {
        Json::parse(&Buffer::make(call)?.into_text()?)
    }
}
