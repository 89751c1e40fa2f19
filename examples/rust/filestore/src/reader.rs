//! A stored file as a stream.

use crate::{DownloadOptions, FileId, Result, Service};
use std::io::{self, Read, Seek, SeekFrom};

/// A stored file that is read from any place: [`Read`] and [`Seek`]. Each read asks the store for a range, so small reads want an
/// [`io::BufReader`] around it.
///
/// ```
/// use std::io::{BufReader, Read, Seek, SeekFrom};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = filestore::doc_directory();
/// # let service = filestore::Service::open(&filestore::Options::local(&directory)?)?;
/// let id = service.upload_bytes(b"head and tail", &Default::default())?;
/// let mut file = BufReader::new(service.open_file(&id)?);
/// file.seek(SeekFrom::End(-4))?;
/// let mut tail = String::new();
/// file.read_to_string(&mut tail)?;
/// assert_eq!(tail, "tail");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileReader {
    service: Service,
    id: FileId,
    size: u64,
    position: u64,
    options: DownloadOptions,
}

impl Service {
    /// Opens a file for reading; it asks for its size.
    pub fn open_file(&self, id: &FileId) -> Result<FileReader> {
        self.open_file_with(id, &DownloadOptions::new())
    }

    /// The same with options for each read; their range does not count.
    pub fn open_file_with(&self, id: &FileId, options: &DownloadOptions) -> Result<FileReader> {
        let size = self.metadata(id, &Default::default())?.size;
        Ok(FileReader { service: self.clone(), id: *id, size, position: 0, options: options.clone() })
    }
}

impl FileReader {
    /// How many bytes the file has.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.size.saturating_sub(self.position).min(buffer.len() as u64);
        if length == 0 {
            return Ok(0);
        }
        let options = self.options.clone().range(self.position, length);
        let read = self.service.download_into(&self.id, &mut buffer[..length as usize], &options)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(offset) => (self.size, offset),
            SeekFrom::Current(offset) => (self.position, offset),
        };
        let position = i128::from(from) + i128::from(offset);
        self.position = u64::try_from(position)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the place is before the file's first byte"))?;
        Ok(self.position)
    }
}
