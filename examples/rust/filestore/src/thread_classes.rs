//! What may go to another thread, as convention 9 of `filestore.h` says; checked by the compiler.

use crate::*;

macro_rules! is {
    ($($type:ty),*: $class:path) => { $(const _: fn() = || { fn holds<T: ?Sized + $class>() {} holds::<$type>(); };)* };
}

/// Where the type had the class, the method would be there twice, and the call ambiguous.
macro_rules! is_not {
    ($type:ty: $class:path) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn method() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Has;
            impl<T: ?Sized + $class> Ambiguous<Has> for T {}
            <$type as Ambiguous<_>>::method();
        };
    };
}

is!(Service, Backend, Exporter, CancelToken, Pause, Schedule, Error, FileId, FileInfo, ListPage: Send);
is!(Service, Backend, Exporter, CancelToken, Pause, Schedule, Error, FileId, FileInfo, ListPage: Sync);
is!(
    Options,
    ExporterOptions,
    UploadOptions,
    DownloadOptions,
    CallOptions,
    PresignOptions,
    VerifyOptions,
    SendOptions: Send
);
is!(
    Options,
    ExporterOptions,
    UploadOptions,
    DownloadOptions,
    CallOptions,
    PresignOptions,
    VerifyOptions,
    SendOptions: Sync
);
is!(FileReader, UploadWriter, Files, Call<Vec<u8>>, Task: Send);
is!(FileReader, UploadWriter, Files: Sync);

is_not!(Task: Sync);
is_not!(Request<'static>: Send);
is_not!(Request<'static>: Sync);
is_not!(Call<Vec<u8>>: Sync);
