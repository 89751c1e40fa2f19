#ifndef FILESTORE_TESTS_CAPI_SUPPORT_H
#define FILESTORE_TESTS_CAPI_SUPPORT_H

/* What the parts of capi_test share: the error object, files, stores, and callbacks over memory. */

#include "check.h"

#define TEXT "hello from C"
#define TEXT_SIZE (sizeof TEXT - 1)
#define UNKNOWN_ID "00000000-0000-4000-8000-000000000000"
#define PATH_CAPACITY 4096

/* NULL between checks. */
extern filestore_error* err;
extern char directory[PATH_CAPACITY];

struct Reader {
    const char* data;
    size_t size;
    size_t position;
    size_t step;
    int32_t fail_with;
    size_t fail_at;
    int rewinds;
};

struct Writer {
    char data[64];
    size_t size;
    int32_t fail_with;
};

/* Valid until the next call. */
const char* path_in_directory(const char* name);
/* Files of the directory that the test was given. */
void write_file(const char* name, const char* text);
int file_holds(const char* name, const char* text);
int file_is_missing(const char* name);
/* A local store in that directory; ends the test when it cannot. */
filestore_service* open_store(const char* name);
void store_text(filestore_service* service, const char* text, char id[FILESTORE_ID_SIZE]);
/* Checks that a document has a part, and ends it. */
void check_part(filestore_buffer* json, const char* part, const char* what);
int buffer_holds(const filestore_buffer* buffer, const void* data, size_t size);
/* -1 when it cannot be told. */
int stored_count(filestore_service* service);
/* Gives the data of a struct Reader, `step` bytes at a time; fails with `fail_with` at `fail_at`. */
int32_t read_data(void* context, void* buffer, size_t capacity, size_t* length);
int32_t rewind_data(void* context);
int32_t read_too_much(void* context, void* buffer, size_t capacity, size_t* length);
/* Fills a struct Writer; fails with `fail_with`. */
int32_t write_data(void* context, const void* data, size_t size);

void test_null_handles(void);
void test_null_outputs(filestore_service* service);
void test_null_service(void);
void test_null_inputs(filestore_service* service);
void test_setters_without_options(void);
void test_malformed_ids(filestore_service* service);
void test_codes(void);
void test_options(void);
void test_clock(void);
void test_options_of_later_versions(void);
void test_warnings(void);
void test_config(void);
void test_bad_places(void);
void test_buffers(filestore_service* service);
void test_download_into(filestore_service* service);
void test_paths(filestore_service* service);
void test_callbacks(filestore_service* service);
void test_failing_readers(filestore_service* service);
void test_pieces(filestore_service* service);
/* Of a store that is empty. */
void test_pieces_of(filestore_service* service);
void test_nested_call(filestore_service* service);
void test_info(filestore_service* service);
void test_ranges(filestore_service* service);
void test_progress(filestore_service* service);
void test_cancelling(filestore_service* service);
void test_timeouts(filestore_service* service);
void test_metadata(filestore_service* service);
void test_bad_upload_options(void);
void test_delete(filestore_service* service);
void test_list(void);
void test_verify(void);
void test_layouts(void);
void test_cleanup(void);
void test_soft_delete(void);
void test_audit(void);
void test_salvage(void);
void test_export(void);
void test_async(filestore_service* service);
void test_async_records(filestore_service* service);
void test_async_backends(void);
void test_backends(filestore_service* service);
void test_batches(filestore_backend* backend);
void test_table_upkeep(void);
void test_table_uploads(void);
void test_presign(void);
void test_schedules(void);
void test_errors(filestore_service* service);

#endif
