//! Readers and writers of the program, as the callbacks of C see them.

use crate::ffi::{run_callback, FAILED};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::raw::c_void;
use std::sync::Arc;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A reader or writer, and what it failed with.
pub(crate) struct Stream<S> {
    pub(crate) stream: S,
    start: u64,
    pub(crate) failure: Option<Cause>,
}

impl<S> Stream<S> {
    pub(crate) fn new(stream: S) -> Stream<S> {
        Stream { stream, start: 0, failure: None }
    }

    pub(crate) fn as_context(&mut self) -> *mut c_void {
        (self as *mut Stream<S>).cast()
    }

    /// Runs `body` on the stream of a callback; its failure stays there.
    ///
    /// # Safety
    /// `context` is from as_context() of this type, lives, and nobody else uses it meanwhile.
    unsafe fn run(context: *mut c_void, body: impl FnOnce(&mut Stream<S>) -> io::Result<()>) -> i32 {
        let this = &mut *context.cast::<Stream<S>>();
        match run_callback(|| body(this)) {
            Ok(Ok(())) => return 0,
            Ok(Err(error)) => this.failure = Some(error.into()),
            Err(panic) => this.failure = Some(panic.into()),
        }
        FAILED
    }
}

impl<S: Seek> Stream<S> {
    /// Begins at the position that the stream has now.
    pub(crate) fn seekable(mut stream: S) -> io::Result<Stream<S>> {
        let start = stream.stream_position()?;
        Ok(Stream { stream, start, failure: None })
    }
}

fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(length) if length > buffer.len() => {
                return Err(io::Error::new(io::ErrorKind::Other, "a reader reports more bytes than fit"))
            }
            result => return result,
        }
    }
}

pub(crate) unsafe extern "C" fn read<R: Read>(
    context: *mut c_void,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    Stream::<R>::run(context, |this| {
        // A Read may look at the buffer that it is given, so there must be something in it.
        buffer.cast::<u8>().write_bytes(0, capacity);
        *length = read_some(&mut this.stream, std::slice::from_raw_parts_mut(buffer.cast(), capacity))?;
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn rewind<R: Seek>(context: *mut c_void) -> i32 {
    Stream::<R>::run(context, |this| this.stream.seek(SeekFrom::Start(this.start)).map(|_| ()))
}

pub(crate) unsafe extern "C" fn write<W: Write>(context: *mut c_void, data: *const c_void, size: usize) -> i32 {
    let bytes: &[u8] = if size == 0 { &[] } else { std::slice::from_raw_parts(data.cast(), size) };
    Stream::<W>::run(context, |this| this.stream.write_all(bytes))
}

/// Who hears how far a transfer is.
pub(crate) struct Progress(pub(crate) Box<dyn Fn(u64, Option<u64>) + Send + Sync>);

pub(crate) fn context_of<T>(shared: &Arc<T>) -> *mut c_void {
    Arc::as_ptr(shared) as *mut c_void
}

pub(crate) unsafe extern "C" fn progress(context: *mut c_void, done: u64, total: u64) {
    let this = &*context.cast::<Progress>();
    let total = Some(total).filter(|total| *total != filestore_sys::FILESTORE_UNKNOWN_SIZE);
    // A listener that panics hears no more of this call, and changes nothing for it.
    let _ = run_callback(|| (this.0)(done, total));
}
