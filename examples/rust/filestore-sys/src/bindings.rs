/* Generated from filestore.h by rust-bindgen 0.60.1 */

pub const FILESTORE_VERSION_MAJOR: i32 = 0;
pub const FILESTORE_VERSION_MINOR: i32 = 1;
pub const FILESTORE_VERSION_PATCH: i32 = 0;
pub const FILESTORE_VERSION: &[u8; 6usize] = b"0.1.0\0";
pub const FILESTORE_OK: i32 = 0;
pub const FILESTORE_INVALID_ARGUMENT: i32 = 1;
pub const FILESTORE_NOT_FOUND: i32 = 2;
pub const FILESTORE_ALREADY_EXISTS: i32 = 3;
pub const FILESTORE_PRECONDITION_FAILED: i32 = 4;
pub const FILESTORE_CONFLICT: i32 = 5;
pub const FILESTORE_PERMISSION_DENIED: i32 = 6;
pub const FILESTORE_UNAUTHENTICATED: i32 = 7;
pub const FILESTORE_RANGE_NOT_SATISFIABLE: i32 = 8;
pub const FILESTORE_RATE_LIMITED: i32 = 9;
pub const FILESTORE_TIMEOUT: i32 = 10;
pub const FILESTORE_CANCELLED: i32 = 11;
pub const FILESTORE_UNAVAILABLE: i32 = 12;
pub const FILESTORE_CORRUPT: i32 = 13;
pub const FILESTORE_UNSUPPORTED: i32 = 14;
pub const FILESTORE_NO_MEMORY: i32 = 15;
pub const FILESTORE_NO_SPACE: i32 = 16;
pub const FILESTORE_IO: i32 = 17;
pub const FILESTORE_SOURCE_FAILED: i32 = 18;
pub const FILESTORE_SINK_FAILED: i32 = 19;
pub const FILESTORE_REJECTED: i32 = 20;
pub const FILESTORE_CONFIGURATION: i32 = 21;
pub const FILESTORE_WOULD_DEADLOCK: i32 = 22;
pub const FILESTORE_FORKED: i32 = 23;
pub const FILESTORE_OUTCOME_UNKNOWN: i32 = 24;
pub const FILESTORE_INTERNAL: i32 = 25;
pub const FILESTORE_NOT_DELIVERED: i32 = 26;
pub const FILESTORE_ID_SIZE: i32 = 37;
pub const FILESTORE_COMPARES_UPLOADS: i32 = 1;
pub const FILESTORE_COMPARES_DELETIONS: i32 = 2;
pub const FILESTORE_MAY_STORE_LATE: i32 = 4;
#[repr(C)]
pub struct filestore_error {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_service {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_backend {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_backend_call {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_cancel {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_pause {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_call_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_upload_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_download_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_presign_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_verify_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_exporter_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_exporter {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_send_options {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_buffer {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_list_page {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_schedule {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_answer {
    _unused: [u8; 0],
}
#[repr(C)]
pub struct filestore_task {
    _unused: [u8; 0],
}
pub type filestore_read_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        buffer: *mut ::std::os::raw::c_void,
        capacity: usize,
        length: *mut usize,
    ) -> i32,
>;
pub type filestore_rewind_function =
    ::std::option::Option<unsafe extern "C" fn(context: *mut ::std::os::raw::c_void) -> i32>;
pub type filestore_write_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        data: *const ::std::os::raw::c_void,
        size: usize,
    ) -> i32,
>;
pub type filestore_progress_function = ::std::option::Option<
    unsafe extern "C" fn(context: *mut ::std::os::raw::c_void, bytes_done: u64, bytes_total: u64),
>;
pub type filestore_info_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        json: *const ::std::os::raw::c_char,
    ) -> i32,
>;
pub type filestore_files_function = ::std::option::Option<
    unsafe extern "C" fn(context: *mut ::std::os::raw::c_void, files_done: u64, files_total: u64),
>;
pub type filestore_now_function =
    ::std::option::Option<unsafe extern "C" fn(context: *mut ::std::os::raw::c_void) -> i64>;
pub type filestore_finding_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        id: *const ::std::os::raw::c_char,
        damage: *const ::std::os::raw::c_char,
        what: *const ::std::os::raw::c_char,
        quarantined: i32,
    ) -> i32,
>;
pub type filestore_drift_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        id: *const ::std::os::raw::c_char,
        drift: *const ::std::os::raw::c_char,
        what: *const ::std::os::raw::c_char,
        repaired: i32,
    ) -> i32,
>;
pub type filestore_cleanup_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        id: *const ::std::os::raw::c_char,
        outcome: *const ::std::os::raw::c_char,
        reason: *const ::std::os::raw::c_char,
    ) -> i32,
>;
pub type filestore_unreadable_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        table: *const ::std::os::raw::c_char,
        file_id: *const ::std::os::raw::c_char,
    ) -> i32,
>;
pub type filestore_verify_progress_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        files_done: u64,
        files_total: u64,
        bytes_done: u64,
    ),
>;
pub type filestore_warning_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        path: *const ::std::os::raw::c_char,
        declared_type: *const ::std::os::raw::c_char,
        found_type: *const ::std::os::raw::c_char,
        message: *const ::std::os::raw::c_char,
    ),
>;
pub type filestore_key_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        profile: *const ::std::os::raw::c_char,
        base_url: *const ::std::os::raw::c_char,
        key_variable: *const ::std::os::raw::c_char,
        key: *mut ::std::os::raw::c_char,
        capacity: usize,
        length: *mut usize,
    ) -> i32,
>;
pub type filestore_settled_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        report: *const ::std::os::raw::c_char,
        code: i32,
        message: *const ::std::os::raw::c_char,
    ),
>;
pub type filestore_done_function = ::std::option::Option<
    unsafe extern "C" fn(context: *mut ::std::os::raw::c_void, answer: *mut filestore_answer),
>;
pub type filestore_execute_function = ::std::option::Option<
    unsafe extern "C" fn(context: *mut ::std::os::raw::c_void, task: *mut filestore_task) -> i32,
>;
#[repr(C)]
pub struct filestore_backend_table {
    pub struct_size: usize,
    pub abilities: u64,
    pub name: *const ::std::os::raw::c_char,
    pub destroy: ::std::option::Option<unsafe extern "C" fn(context: *mut ::std::os::raw::c_void)>,
    pub describe: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub open_reader: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            reader: *mut *mut ::std::os::raw::c_void,
            size: *mut u64,
        ) -> i32,
    >,
    pub read: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            reader: *mut ::std::os::raw::c_void,
            offset: u64,
            buffer: *mut ::std::os::raw::c_void,
            capacity: usize,
            length: *mut usize,
        ) -> i32,
    >,
    pub close_reader: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            reader: *mut ::std::os::raw::c_void,
        ),
    >,
    pub open_writer: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            writer: *mut *mut ::std::os::raw::c_void,
        ) -> i32,
    >,
    pub write: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            writer: *mut ::std::os::raw::c_void,
            data: *const ::std::os::raw::c_void,
            size: usize,
        ) -> i32,
    >,
    pub commit: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            writer: *mut ::std::os::raw::c_void,
            size: u64,
        ) -> i32,
    >,
    pub close_writer: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            writer: *mut ::std::os::raw::c_void,
        ),
    >,
    pub remove: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            removed: *mut i32,
        ) -> i32,
    >,
    pub list: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub presign: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub remove_batch: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub discard: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub verify: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub sweep_uploads: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub kept_versions: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub begin_upload: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub describe_upload: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
    pub open_append: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            append: *mut *mut ::std::os::raw::c_void,
        ) -> i32,
    >,
    pub append: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            append: *mut ::std::os::raw::c_void,
            data: *const ::std::os::raw::c_void,
            size: usize,
        ) -> i32,
    >,
    pub end_append: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            append: *mut ::std::os::raw::c_void,
            keep: i32,
        ) -> i32,
    >,
    pub open_upload: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            reader: *mut *mut ::std::os::raw::c_void,
            size: *mut u64,
        ) -> i32,
    >,
    pub end_upload: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
            ended: *mut i32,
        ) -> i32,
    >,
    pub expire_uploads: ::std::option::Option<
        unsafe extern "C" fn(
            context: *mut ::std::os::raw::c_void,
            call: *mut filestore_backend_call,
        ) -> i32,
    >,
}
#[test]
fn bindgen_test_layout_filestore_backend_table() {
    assert_eq!(
        ::std::mem::size_of::<filestore_backend_table>(),
        224usize,
        concat!("Size of: ", stringify!(filestore_backend_table))
    );
    assert_eq!(
        ::std::mem::align_of::<filestore_backend_table>(),
        8usize,
        concat!("Alignment of ", stringify!(filestore_backend_table))
    );
    fn test_field_struct_size() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).struct_size) as usize - ptr as usize
            },
            0usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(struct_size)
            )
        );
    }
    test_field_struct_size();
    fn test_field_abilities() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).abilities) as usize - ptr as usize
            },
            8usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(abilities)
            )
        );
    }
    test_field_abilities();
    fn test_field_name() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).name) as usize - ptr as usize
            },
            16usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(name)
            )
        );
    }
    test_field_name();
    fn test_field_destroy() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).destroy) as usize - ptr as usize
            },
            24usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(destroy)
            )
        );
    }
    test_field_destroy();
    fn test_field_describe() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).describe) as usize - ptr as usize
            },
            32usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(describe)
            )
        );
    }
    test_field_describe();
    fn test_field_open_reader() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).open_reader) as usize - ptr as usize
            },
            40usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(open_reader)
            )
        );
    }
    test_field_open_reader();
    fn test_field_read() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).read) as usize - ptr as usize
            },
            48usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(read)
            )
        );
    }
    test_field_read();
    fn test_field_close_reader() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).close_reader) as usize - ptr as usize
            },
            56usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(close_reader)
            )
        );
    }
    test_field_close_reader();
    fn test_field_open_writer() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).open_writer) as usize - ptr as usize
            },
            64usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(open_writer)
            )
        );
    }
    test_field_open_writer();
    fn test_field_write() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).write) as usize - ptr as usize
            },
            72usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(write)
            )
        );
    }
    test_field_write();
    fn test_field_commit() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).commit) as usize - ptr as usize
            },
            80usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(commit)
            )
        );
    }
    test_field_commit();
    fn test_field_close_writer() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).close_writer) as usize - ptr as usize
            },
            88usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(close_writer)
            )
        );
    }
    test_field_close_writer();
    fn test_field_remove() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).remove) as usize - ptr as usize
            },
            96usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(remove)
            )
        );
    }
    test_field_remove();
    fn test_field_list() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).list) as usize - ptr as usize
            },
            104usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(list)
            )
        );
    }
    test_field_list();
    fn test_field_presign() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).presign) as usize - ptr as usize
            },
            112usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(presign)
            )
        );
    }
    test_field_presign();
    fn test_field_remove_batch() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).remove_batch) as usize - ptr as usize
            },
            120usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(remove_batch)
            )
        );
    }
    test_field_remove_batch();
    fn test_field_discard() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).discard) as usize - ptr as usize
            },
            128usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(discard)
            )
        );
    }
    test_field_discard();
    fn test_field_verify() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).verify) as usize - ptr as usize
            },
            136usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(verify)
            )
        );
    }
    test_field_verify();
    fn test_field_sweep_uploads() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).sweep_uploads) as usize - ptr as usize
            },
            144usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(sweep_uploads)
            )
        );
    }
    test_field_sweep_uploads();
    fn test_field_kept_versions() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).kept_versions) as usize - ptr as usize
            },
            152usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(kept_versions)
            )
        );
    }
    test_field_kept_versions();
    fn test_field_begin_upload() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).begin_upload) as usize - ptr as usize
            },
            160usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(begin_upload)
            )
        );
    }
    test_field_begin_upload();
    fn test_field_describe_upload() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).describe_upload) as usize - ptr as usize
            },
            168usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(describe_upload)
            )
        );
    }
    test_field_describe_upload();
    fn test_field_open_append() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).open_append) as usize - ptr as usize
            },
            176usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(open_append)
            )
        );
    }
    test_field_open_append();
    fn test_field_append() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).append) as usize - ptr as usize
            },
            184usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(append)
            )
        );
    }
    test_field_append();
    fn test_field_end_append() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).end_append) as usize - ptr as usize
            },
            192usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(end_append)
            )
        );
    }
    test_field_end_append();
    fn test_field_open_upload() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).open_upload) as usize - ptr as usize
            },
            200usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(open_upload)
            )
        );
    }
    test_field_open_upload();
    fn test_field_end_upload() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).end_upload) as usize - ptr as usize
            },
            208usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(end_upload)
            )
        );
    }
    test_field_end_upload();
    fn test_field_expire_uploads() {
        assert_eq!(
            unsafe {
                let uninit = ::std::mem::MaybeUninit::<filestore_backend_table>::uninit();
                let ptr = uninit.as_ptr();
                ::std::ptr::addr_of!((*ptr).expire_uploads) as usize - ptr as usize
            },
            216usize,
            concat!(
                "Offset of field: ",
                stringify!(filestore_backend_table),
                "::",
                stringify!(expire_uploads)
            )
        );
    }
    test_field_expire_uploads();
}
pub type filestore_cleanup_run_function = ::std::option::Option<
    unsafe extern "C" fn(
        context: *mut ::std::os::raw::c_void,
        report: *const ::std::os::raw::c_char,
        error: *const filestore_error,
    ),
>;
pub type filestore_delivery_function = ::std::option::Option<
    unsafe extern "C" fn(context: *mut ::std::os::raw::c_void, error: *const filestore_error),
>;
extern "C" {
    pub fn filestore_version() -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_code_name(code: i32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_error_code(error: *const filestore_error) -> i32;
}
extern "C" {
    pub fn filestore_error_message(error: *const filestore_error) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_error_retryable(error: *const filestore_error) -> i32;
}
extern "C" {
    pub fn filestore_error_http_status(error: *const filestore_error) -> i32;
}
extern "C" {
    pub fn filestore_error_server_code(
        error: *const filestore_error,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_error_request_id(
        error: *const filestore_error,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_error_caller_code(error: *const filestore_error) -> i32;
}
extern "C" {
    pub fn filestore_error_destroy(error: *mut filestore_error);
}
extern "C" {
    pub fn filestore_options_create(
        options: *mut *mut filestore_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_set(
        options: *mut filestore_options,
        name: *const ::std::os::raw::c_char,
        value: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_set_warning(
        options: *mut filestore_options,
        warning: filestore_warning_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_set_cleanup(
        options: *mut filestore_options,
        file: filestore_cleanup_function,
        run: filestore_cleanup_run_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_set_delivery(
        options: *mut filestore_options,
        delivery: filestore_delivery_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_load(
        options: *mut filestore_options,
        path: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_parse(
        options: *mut filestore_options,
        yaml: *const ::std::os::raw::c_char,
        origin: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_set_executor(
        options: *mut filestore_options,
        execute: filestore_execute_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_options_set_clock(
        options: *mut filestore_options,
        now: filestore_now_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_task_run(task: *mut filestore_task);
}
extern "C" {
    pub fn filestore_options_destroy(options: *mut filestore_options);
}
extern "C" {
    pub fn filestore_open(
        options: *const filestore_options,
        service: *mut *mut filestore_service,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_open_config(
        path: *const ::std::os::raw::c_char,
        service: *mut *mut filestore_service,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_convert_store(
        options: *const filestore_options,
        layout: *const ::std::os::raw::c_char,
        progress: filestore_files_function,
        context: *mut ::std::os::raw::c_void,
        call: *const filestore_call_options,
        files: *mut u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_catalogue_path(
        service: *const filestore_service,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_close(service: *mut filestore_service);
}
extern "C" {
    pub fn filestore_cancel_create(
        cancel: *mut *mut filestore_cancel,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_cancel_request(cancel: *mut filestore_cancel);
}
extern "C" {
    pub fn filestore_cancel_destroy(cancel: *mut filestore_cancel);
}
extern "C" {
    pub fn filestore_pause_create(
        pause: *mut *mut filestore_pause,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_pause_set(pause: *mut filestore_pause, paused: i32);
}
extern "C" {
    pub fn filestore_pause_is_set(pause: *const filestore_pause) -> i32;
}
extern "C" {
    pub fn filestore_pause_destroy(pause: *mut filestore_pause);
}
extern "C" {
    pub fn filestore_call_options_create(
        options: *mut *mut filestore_call_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_set_timeout_ms(
        options: *mut filestore_call_options,
        timeout_ms: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_set_cancel(
        options: *mut filestore_call_options,
        cancel: *const filestore_cancel,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_set_accept_missing(
        options: *mut filestore_call_options,
        accept_missing: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_set_uploads_older_than(
        options: *mut filestore_call_options,
        seconds: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_set_count_versions(
        options: *mut filestore_call_options,
        count_versions: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_set_forget_damaged(
        options: *mut filestore_call_options,
        forget_damaged: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_set_if_version(
        options: *mut filestore_call_options,
        version: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_call_options_destroy(options: *mut filestore_call_options);
}
extern "C" {
    pub fn filestore_upload_options_create(
        options: *mut *mut filestore_upload_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_path(
        options: *mut filestore_upload_options,
        path: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_content_type(
        options: *mut filestore_upload_options,
        content_type: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_metadata(
        options: *mut filestore_upload_options,
        key: *const ::std::os::raw::c_char,
        value: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_metadata_json(
        options: *mut filestore_upload_options,
        json: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_create_only(
        options: *mut filestore_upload_options,
        create_only: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_if_version(
        options: *mut filestore_upload_options,
        version: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_timeout_ms(
        options: *mut filestore_upload_options,
        timeout_ms: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_cancel(
        options: *mut filestore_upload_options,
        cancel: *const filestore_cancel,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_pause(
        options: *mut filestore_upload_options,
        pause: *const filestore_pause,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_set_progress(
        options: *mut filestore_upload_options,
        progress: filestore_progress_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_options_destroy(options: *mut filestore_upload_options);
}
extern "C" {
    pub fn filestore_upload_path(
        service: *mut filestore_service,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_upload_options,
        id: *mut ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_buffer(
        service: *mut filestore_service,
        data: *const ::std::os::raw::c_void,
        size: usize,
        options: *const filestore_upload_options,
        id: *mut ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_callback(
        service: *mut filestore_service,
        read: filestore_read_function,
        rewind: filestore_rewind_function,
        context: *mut ::std::os::raw::c_void,
        size: u64,
        options: *const filestore_upload_options,
        id: *mut ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_begin(
        service: *mut filestore_service,
        length: u64,
        options: *const filestore_upload_options,
        id: *mut ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_append_callback(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        offset: u64,
        read: filestore_read_function,
        context: *mut ::std::os::raw::c_void,
        size: u64,
        length: u64,
        options: *const filestore_upload_options,
        next: *mut u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_append_descriptor(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        offset: u64,
        descriptor: i32,
        length: u64,
        options: *const filestore_upload_options,
        next: *mut u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_state(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        offset: *mut u64,
        length: *mut u64,
        finished: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_finish(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_end(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        ended: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_sweep_uploads(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        count: *mut u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_max_upload_length(service: *const filestore_service) -> u64;
}
extern "C" {
    pub fn filestore_check_upload(
        service: *const filestore_service,
        path: *const ::std::os::raw::c_char,
        content_type: *const ::std::os::raw::c_char,
        size: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_create(
        options: *mut *mut filestore_download_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_set_range(
        options: *mut filestore_download_options,
        offset: u64,
        length: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_set_info(
        options: *mut filestore_download_options,
        info: filestore_info_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_set_timeout_ms(
        options: *mut filestore_download_options,
        timeout_ms: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_set_cancel(
        options: *mut filestore_download_options,
        cancel: *const filestore_cancel,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_set_pause(
        options: *mut filestore_download_options,
        pause: *const filestore_pause,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_set_progress(
        options: *mut filestore_download_options,
        progress: filestore_progress_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_options_destroy(options: *mut filestore_download_options);
}
extern "C" {
    pub fn filestore_download_path(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_buffer(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        buffer: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_into(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        data: *mut ::std::os::raw::c_void,
        capacity: usize,
        options: *const filestore_download_options,
        length: *mut usize,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_callback(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        write: filestore_write_function,
        context: *mut ::std::os::raw::c_void,
        options: *const filestore_download_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_buffer_data(buffer: *const filestore_buffer) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_buffer_size(buffer: *const filestore_buffer) -> usize;
}
extern "C" {
    pub fn filestore_buffer_destroy(buffer: *mut filestore_buffer);
}
extern "C" {
    pub fn filestore_delete(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        deleted: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_undelete(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        restored: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_deleted_files(
        service: *mut filestore_service,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        page: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exists(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        exists: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_metadata(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        json: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_list(
        service: *mut filestore_service,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        page: *mut *mut filestore_list_page,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_list_page_count(page: *const filestore_list_page) -> usize;
}
extern "C" {
    pub fn filestore_list_page_id(
        page: *const filestore_list_page,
        index: usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_list_page_size(page: *const filestore_list_page, index: usize) -> u64;
}
extern "C" {
    pub fn filestore_list_page_last_modified(
        page: *const filestore_list_page,
        index: usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_list_page_next(
        page: *const filestore_list_page,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_list_page_destroy(page: *mut filestore_list_page);
}
extern "C" {
    pub fn filestore_presign_options_create(
        options: *mut *mut filestore_presign_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_set_method(
        options: *mut filestore_presign_options,
        method: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_set_expires_in(
        options: *mut filestore_presign_options,
        seconds: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_set_exact_expiry(
        options: *mut filestore_presign_options,
        exact: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_set_disposition(
        options: *mut filestore_presign_options,
        disposition: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_set_content_type(
        options: *mut filestore_presign_options,
        content_type: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_set_timeout_ms(
        options: *mut filestore_presign_options,
        timeout_ms: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_set_cancel(
        options: *mut filestore_presign_options,
        cancel: *const filestore_cancel,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_options_destroy(options: *mut filestore_presign_options);
}
extern "C" {
    pub fn filestore_presign(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_presign_options,
        url: *mut *mut filestore_buffer,
        expires_at: *mut i64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_check_signed_url(
        url: *const ::std::os::raw::c_char,
        method: *const ::std::os::raw::c_char,
        url_key: *const ::std::os::raw::c_char,
        now: i64,
        id: *mut ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_path_async(
        service: *mut filestore_service,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_buffer_async(
        service: *mut filestore_service,
        data: *const ::std::os::raw::c_void,
        size: usize,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_callback_async(
        service: *mut filestore_service,
        read: filestore_read_function,
        rewind: filestore_rewind_function,
        stream: *mut ::std::os::raw::c_void,
        size: u64,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_path_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_buffer_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_into_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        data: *mut ::std::os::raw::c_void,
        capacity: usize,
        options: *const filestore_download_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_download_callback_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        write: filestore_write_function,
        stream: *mut ::std::os::raw::c_void,
        options: *const filestore_download_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_delete_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_undelete_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exists_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_metadata_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_list_async(
        service: *mut filestore_service,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_presign_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_presign_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_begin_async(
        service: *mut filestore_service,
        length: u64,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_append_callback_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        offset: u64,
        read: filestore_read_function,
        stream: *mut ::std::os::raw::c_void,
        size: u64,
        length: u64,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_append_descriptor_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        offset: u64,
        descriptor: i32,
        length: u64,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_state_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_finish_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_upload_end_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_sweep_uploads_async(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_deleted_files_async(
        service: *mut filestore_service,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_async(
        service: *mut filestore_service,
        options: *const filestore_verify_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_cleanup_report_async(
        service: *mut filestore_service,
        days: u32,
        dry_run: i32,
        file: filestore_cleanup_function,
        listener: *mut ::std::os::raw::c_void,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_flush_async(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_history_async(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_recorded_files_async(
        service: *mut filestore_service,
        before: *const ::std::os::raw::c_char,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_catalogued_files_async(
        service: *mut filestore_service,
        behind: *const ::std::os::raw::c_char,
        newest_first: i32,
        key: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_reconcile_async(
        service: *mut filestore_service,
        repair: i32,
        finding: filestore_drift_function,
        listener: *mut ::std::os::raw::c_void,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_audit_status_async(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_parked_async(
        service: *mut filestore_service,
        after: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_retry_parked_async(
        service: *mut filestore_service,
        file_id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_forget_audit_server_async(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_answer_code(answer: *const filestore_answer) -> i32;
}
extern "C" {
    pub fn filestore_answer_error(answer: *const filestore_answer) -> *const filestore_error;
}
extern "C" {
    pub fn filestore_answer_id(answer: *const filestore_answer) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_answer_flag(answer: *const filestore_answer) -> i32;
}
extern "C" {
    pub fn filestore_answer_bytes(answer: *const filestore_answer) -> u64;
}
extern "C" {
    pub fn filestore_answer_count(answer: *const filestore_answer) -> u64;
}
extern "C" {
    pub fn filestore_answer_offset(answer: *const filestore_answer) -> u64;
}
extern "C" {
    pub fn filestore_answer_length(answer: *const filestore_answer) -> u64;
}
extern "C" {
    pub fn filestore_answer_version(
        answer: *const filestore_answer,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_answer_expires_at(answer: *const filestore_answer) -> i64;
}
extern "C" {
    pub fn filestore_answer_buffer(answer: *const filestore_answer) -> *const filestore_buffer;
}
extern "C" {
    pub fn filestore_answer_page(answer: *const filestore_answer) -> *const filestore_list_page;
}
extern "C" {
    pub fn filestore_answer_destroy(answer: *mut filestore_answer);
}
extern "C" {
    pub fn filestore_backend_open(
        options: *const filestore_options,
        backend: *mut *mut filestore_backend,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_of(
        service: *mut filestore_service,
        backend: *mut *mut filestore_backend,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_create(
        table: *const filestore_backend_table,
        context: *mut ::std::os::raw::c_void,
        options: *const filestore_options,
        backend: *mut *mut filestore_backend,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_open_on(
        backend: *mut filestore_backend,
        options: *const filestore_options,
        service: *mut *mut filestore_service,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_close(backend: *mut filestore_backend);
}
extern "C" {
    pub fn filestore_backend_name(
        backend: *const filestore_backend,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_can(
        backend: *const filestore_backend,
        ability: *const ::std::os::raw::c_char,
    ) -> i32;
}
extern "C" {
    pub fn filestore_generate_id(
        id: *mut ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_upload_path(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_upload_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_upload_buffer(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        data: *const ::std::os::raw::c_void,
        size: usize,
        options: *const filestore_upload_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_upload_callback(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        read: filestore_read_function,
        rewind: filestore_rewind_function,
        context: *mut ::std::os::raw::c_void,
        size: u64,
        options: *const filestore_upload_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_download_path(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_download_buffer(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        buffer: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_download_callback(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        write: filestore_write_function,
        context: *mut ::std::os::raw::c_void,
        options: *const filestore_download_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_delete(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        deleted: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_exists(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        exists: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_metadata(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        json: *mut *mut filestore_buffer,
        version: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_list(
        backend: *mut filestore_backend,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        page: *mut *mut filestore_list_page,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_presign(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_presign_options,
        url: *mut *mut filestore_buffer,
        expires_at: *mut i64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_delete_batch(
        backend: *mut filestore_backend,
        ids: *const *const ::std::os::raw::c_char,
        if_versions: *const *const ::std::os::raw::c_char,
        count: usize,
        options: *const filestore_call_options,
        outcomes: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_discard(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_sweep_uploads(
        backend: *mut filestore_backend,
        dry_run: i32,
        options: *const filestore_call_options,
        ids: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_kept_versions(
        backend: *mut filestore_backend,
        options: *const filestore_call_options,
        kept: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_verify(
        backend: *mut filestore_backend,
        options: *const filestore_verify_options,
        report: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_upload_path_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_upload_buffer_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        data: *const ::std::os::raw::c_void,
        size: usize,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_upload_callback_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        read: filestore_read_function,
        rewind: filestore_rewind_function,
        stream: *mut ::std::os::raw::c_void,
        size: u64,
        options: *const filestore_upload_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_download_path_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        path: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_download_buffer_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_download_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_download_callback_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        write: filestore_write_function,
        stream: *mut ::std::os::raw::c_void,
        options: *const filestore_download_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_delete_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_exists_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_metadata_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_list_async(
        backend: *mut filestore_backend,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_presign_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_presign_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_delete_batch_async(
        backend: *mut filestore_backend,
        ids: *const *const ::std::os::raw::c_char,
        if_versions: *const *const ::std::os::raw::c_char,
        count: usize,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_discard_async(
        backend: *mut filestore_backend,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_sweep_uploads_async(
        backend: *mut filestore_backend,
        dry_run: i32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_kept_versions_async(
        backend: *mut filestore_backend,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_verify_async(
        backend: *mut filestore_backend,
        options: *const filestore_verify_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_id(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_state(call: *const filestore_backend_call) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_path(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_content_type(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_metadata(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_size(call: *const filestore_backend_call) -> u64;
}
extern "C" {
    pub fn filestore_backend_call_create_only(call: *const filestore_backend_call) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_if_version(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_cursor(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_limit(call: *const filestore_backend_call) -> u32;
}
extern "C" {
    pub fn filestore_backend_call_method(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_expires_in(call: *const filestore_backend_call) -> u64;
}
extern "C" {
    pub fn filestore_backend_call_exact_expiry(call: *const filestore_backend_call) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_answer_disposition(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_answer_type(
        call: *const filestore_backend_call,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_id_count(call: *const filestore_backend_call) -> usize;
}
extern "C" {
    pub fn filestore_backend_call_id_at(
        call: *const filestore_backend_call,
        index: usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_if_version_at(
        call: *const filestore_backend_call,
        index: usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn filestore_backend_call_older_than(call: *const filestore_backend_call) -> u64;
}
extern "C" {
    pub fn filestore_backend_call_dry_run(call: *const filestore_backend_call) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_repair(call: *const filestore_backend_call) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_resume(call: *const filestore_backend_call) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_parallel(call: *const filestore_backend_call) -> u32;
}
extern "C" {
    pub fn filestore_backend_call_next_recorded(
        call: *mut filestore_backend_call,
        after: *const ::std::os::raw::c_char,
        id: *mut ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_is_recorded(
        call: *mut filestore_backend_call,
        id: *const ::std::os::raw::c_char,
        recorded: *mut i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_offset(call: *const filestore_backend_call) -> u64;
}
extern "C" {
    pub fn filestore_backend_call_all_or_nothing(call: *const filestore_backend_call) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_lifetime(call: *const filestore_backend_call) -> u64;
}
extern "C" {
    pub fn filestore_backend_call_set_failure(
        call: *mut filestore_backend_call,
        message: *const ::std::os::raw::c_char,
        retryable: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_set_info(
        call: *mut filestore_backend_call,
        size: u64,
        last_modified: i64,
        path: *const ::std::os::raw::c_char,
        content_type: *const ::std::os::raw::c_char,
        metadata: *const ::std::os::raw::c_char,
        version: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_add_file(
        call: *mut filestore_backend_call,
        id: *const ::std::os::raw::c_char,
        size: u64,
        last_modified: i64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_set_next(
        call: *mut filestore_backend_call,
        cursor: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_set_url(
        call: *mut filestore_backend_call,
        url: *const ::std::os::raw::c_char,
        expires_at: i64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_set_outcome(
        call: *mut filestore_backend_call,
        index: usize,
        code: i32,
        removed: i32,
        keeps_version: i32,
        message: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_add_id(
        call: *mut filestore_backend_call,
        id: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_set_kept(
        call: *mut filestore_backend_call,
        versions: u64,
        bytes: u64,
        orphan_markers: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_add_finding(
        call: *mut filestore_backend_call,
        id: *const ::std::os::raw::c_char,
        damage: *const ::std::os::raw::c_char,
        what: *const ::std::os::raw::c_char,
        quarantined: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_tell_progress(
        call: *mut filestore_backend_call,
        files_done: u64,
        files_total: u64,
        bytes_done: u64,
    );
}
extern "C" {
    pub fn filestore_backend_call_set_verified(
        call: *mut filestore_backend_call,
        files: u64,
        bytes: u64,
        unchecked: u64,
        in_quarantine: u64,
        under_way: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_backend_call_set_upload(
        call: *mut filestore_backend_call,
        offset: u64,
        length: u64,
        expires_at: i64,
        path: *const ::std::os::raw::c_char,
        content_type: *const ::std::os::raw::c_char,
        metadata: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_create(
        options: *mut *mut filestore_verify_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_set_repair(
        options: *mut filestore_verify_options,
        repair: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_set_resume(
        options: *mut filestore_verify_options,
        resume: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_set_parallel(
        options: *mut filestore_verify_options,
        parallel: u32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_set_timeout_ms(
        options: *mut filestore_verify_options,
        timeout_ms: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_set_cancel(
        options: *mut filestore_verify_options,
        cancel: *const filestore_cancel,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_set_finding(
        options: *mut filestore_verify_options,
        finding: filestore_finding_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_set_progress(
        options: *mut filestore_verify_options,
        progress: filestore_verify_progress_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_verify_options_destroy(options: *mut filestore_verify_options);
}
extern "C" {
    pub fn filestore_verify(
        service: *mut filestore_service,
        options: *const filestore_verify_options,
        report: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_cleanup(
        service: *mut filestore_service,
        days: u32,
        dry_run: i32,
        options: *const filestore_call_options,
        removed: *mut u64,
        failed: *mut u64,
        purged: *mut u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_cleanup_report(
        service: *mut filestore_service,
        days: u32,
        dry_run: i32,
        file: filestore_cleanup_function,
        context: *mut ::std::os::raw::c_void,
        options: *const filestore_call_options,
        report: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_start(service: *mut filestore_service, err: *mut *mut filestore_error) -> i32;
}
extern "C" {
    pub fn filestore_next_cleanup(
        service: *mut filestore_service,
        at: *mut i64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_schedule_create(
        expression: *const ::std::os::raw::c_char,
        time_zone: *const ::std::os::raw::c_char,
        schedule: *mut *mut filestore_schedule,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_schedule_next(
        schedule: *const filestore_schedule,
        after: i64,
        at: *mut i64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_schedule_destroy(schedule: *mut filestore_schedule);
}
extern "C" {
    pub fn filestore_flush(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_audit_status(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        status: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_parked(
        service: *mut filestore_service,
        after: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        files: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_retry_parked(
        service: *mut filestore_service,
        file_id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        count: *mut u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_history(
        service: *mut filestore_service,
        id: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        history: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_recorded_files(
        service: *mut filestore_service,
        before: *const ::std::os::raw::c_char,
        cursor: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        page: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_catalogued_files(
        service: *mut filestore_service,
        behind: *const ::std::os::raw::c_char,
        newest_first: i32,
        key: *const ::std::os::raw::c_char,
        limit: u32,
        options: *const filestore_call_options,
        page: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_has_audit_server(service: *const filestore_service) -> i32;
}
extern "C" {
    pub fn filestore_reconcile(
        service: *mut filestore_service,
        repair: i32,
        finding: filestore_drift_function,
        context: *mut ::std::os::raw::c_void,
        options: *const filestore_call_options,
        report: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_forget_audit_server(
        service: *mut filestore_service,
        options: *const filestore_call_options,
        count: *mut u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_salvage_catalogue(
        options: *const filestore_options,
        unreadable: filestore_unreadable_function,
        context: *mut ::std::os::raw::c_void,
        report: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_create(
        options: *mut *mut filestore_exporter_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_set_key(
        options: *mut filestore_exporter_options,
        key: filestore_key_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_set_ca_file(
        options: *mut filestore_exporter_options,
        ca_file: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_set_plain_http(
        options: *mut filestore_exporter_options,
        plain_http: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_set_parts(
        options: *mut filestore_exporter_options,
        threshold: u64,
        part_size: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_set_retry(
        options: *mut filestore_exporter_options,
        max_attempts: u32,
        first_delay_ms: u64,
        longest_delay_ms: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_set_settle_interval(
        options: *mut filestore_exporter_options,
        seconds: u32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_set_settled(
        options: *mut filestore_exporter_options,
        settled: filestore_settled_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_options_destroy(options: *mut filestore_exporter_options);
}
extern "C" {
    pub fn filestore_exporter_open(
        service: *mut filestore_service,
        options: *const filestore_exporter_options,
        exporter: *mut *mut filestore_exporter,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_start(
        exporter: *mut filestore_exporter,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_exporter_close(exporter: *mut filestore_exporter);
}
extern "C" {
    pub fn filestore_send_options_create(
        options: *mut *mut filestore_send_options,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_base_url(
        options: *mut filestore_send_options,
        base_url: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_key_variable(
        options: *mut filestore_send_options,
        key_variable: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_purpose(
        options: *mut filestore_send_options,
        purpose: *const ::std::os::raw::c_char,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_expires_in(
        options: *mut filestore_send_options,
        seconds: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_again(
        options: *mut filestore_send_options,
        again: i32,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_timeout_ms(
        options: *mut filestore_send_options,
        timeout_ms: u64,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_cancel(
        options: *mut filestore_send_options,
        cancel: *const filestore_cancel,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_set_progress(
        options: *mut filestore_send_options,
        progress: filestore_progress_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_options_destroy(options: *mut filestore_send_options);
}
extern "C" {
    pub fn filestore_send(
        exporter: *mut filestore_exporter,
        id: *const ::std::os::raw::c_char,
        profile: *const ::std::os::raw::c_char,
        options: *const filestore_send_options,
        copy: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_copies(
        exporter: *mut filestore_exporter,
        id: *const ::std::os::raw::c_char,
        after: i64,
        limit: u32,
        options: *const filestore_call_options,
        copies: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_unsend(
        exporter: *mut filestore_exporter,
        id: *const ::std::os::raw::c_char,
        profile: *const ::std::os::raw::c_char,
        base_url: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        report: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_settle(
        exporter: *mut filestore_exporter,
        options: *const filestore_call_options,
        report: *mut *mut filestore_buffer,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_send_async(
        exporter: *mut filestore_exporter,
        id: *const ::std::os::raw::c_char,
        profile: *const ::std::os::raw::c_char,
        options: *const filestore_send_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_copies_async(
        exporter: *mut filestore_exporter,
        id: *const ::std::os::raw::c_char,
        after: i64,
        limit: u32,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_unsend_async(
        exporter: *mut filestore_exporter,
        id: *const ::std::os::raw::c_char,
        profile: *const ::std::os::raw::c_char,
        base_url: *const ::std::os::raw::c_char,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
extern "C" {
    pub fn filestore_settle_async(
        exporter: *mut filestore_exporter,
        options: *const filestore_call_options,
        done: filestore_done_function,
        context: *mut ::std::os::raw::c_void,
        err: *mut *mut filestore_error,
    ) -> i32;
}
