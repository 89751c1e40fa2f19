/* Progress, cancelling and timeouts. */

#define _POSIX_C_SOURCE 200809L

#include <time.h>

#include "support.h"

struct Seen {
    uint64_t done;
    uint64_t total;
    int calls;
};

static void see_progress(void* context, uint64_t bytes_done, uint64_t bytes_total) {
    struct Seen* seen = context;
    seen->done = bytes_done;
    seen->total = bytes_total;
    ++seen->calls;
}

void test_progress(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    struct Seen seen = {0, 0, 0};
    struct Writer writer = {{0}, 0, 0};
    filestore_upload_options* upload = NULL;
    filestore_download_options* download = NULL;
    filestore_upload_options_create(&upload, NULL);
    check_code(filestore_upload_options_set_progress(upload, see_progress, &seen, &err), FILESTORE_OK, &err,
               "set_progress of an upload");
    filestore_upload_buffer(service, TEXT, TEXT_SIZE, upload, id, NULL);
    check(seen.calls > 0 && seen.done == TEXT_SIZE && seen.total == TEXT_SIZE,
          "an upload tells its progress");
    filestore_upload_options_destroy(upload);
    seen.calls = 0;
    filestore_download_options_create(&download, NULL);
    check_code(filestore_download_options_set_progress(download, see_progress, &seen, &err), FILESTORE_OK,
               &err, "set_progress of a download");
    filestore_download_callback(service, id, write_data, &writer, download, NULL);
    check(seen.calls > 0 && seen.done == TEXT_SIZE && seen.total == TEXT_SIZE,
          "a download tells its progress");
    filestore_download_options_destroy(download);
}

/* Never ends by itself, within what a failing test may write. */
struct EndlessReader {
    size_t calls;
    filestore_cancel* cancel;
    int is_slow;
};

static int32_t read_endlessly(void* context, void* buffer, size_t capacity, size_t* length) {
    struct EndlessReader* reader = context;
    if (++reader->calls > 2000) {
        *length = 0;
        return 0;
    }
    if (reader->calls == 3 && reader->cancel != NULL) {
        filestore_cancel_request(reader->cancel);
    }
    if (reader->is_slow) {
        const struct timespec pause = {0, 2000000};
        nanosleep(&pause, NULL);
    }
    memset(buffer, 'x', capacity < 64 ? capacity : 64);
    *length = capacity < 64 ? capacity : 64;
    return 0;
}

void test_cancelling(filestore_service* service) {
    const int before = stored_count(service);
    char id[FILESTORE_ID_SIZE];
    struct EndlessReader reader = {0, NULL, 0};
    filestore_upload_options* upload = NULL;
    filestore_download_options* download = NULL;
    filestore_call_options* call = NULL;
    filestore_buffer* buffer = NULL;
    int32_t exists = 1;
    filestore_upload_options_create(&upload, NULL);
    filestore_download_options_create(&download, NULL);
    check_code(filestore_call_options_create(&call, &err), FILESTORE_OK, &err, "call_options_create");
    check_code(filestore_cancel_create(&reader.cancel, &err), FILESTORE_OK, &err, "cancel_create");
    check_code(filestore_upload_options_set_cancel(upload, reader.cancel, &err), FILESTORE_OK, &err,
               "set_cancel of an upload");
    check_code(filestore_download_options_set_cancel(download, reader.cancel, &err), FILESTORE_OK, &err,
               "set_cancel of a download");
    check_code(filestore_call_options_set_cancel(call, reader.cancel, &err), FILESTORE_OK, &err,
               "set_cancel of a call");
    check_code(filestore_upload_callback(service, read_endlessly, NULL, &reader, FILESTORE_UNKNOWN_SIZE,
                                         upload, id, &err),
               FILESTORE_CANCELLED, &err, "an upload that is cancelled half-way");
    check(before >= 0 && stored_count(service) == before, "a cancelled upload stores nothing");
    filestore_cancel_request(reader.cancel);
    filestore_cancel_destroy(reader.cancel);
    check_code(filestore_download_buffer(service, UNKNOWN_ID, download, &buffer, &err), FILESTORE_CANCELLED,
               &err, "a download that was cancelled before");
    check_code(filestore_exists(service, UNKNOWN_ID, call, &exists, &err), FILESTORE_CANCELLED, &err,
               "a call that was cancelled before");
    filestore_call_options_set_cancel(call, NULL, NULL);
    check_code(filestore_exists(service, UNKNOWN_ID, call, &exists, &err), FILESTORE_OK, &err,
               "the token can be taken away");
    filestore_upload_options_destroy(upload);
    filestore_download_options_destroy(download);
    filestore_call_options_destroy(call);
}

void test_timeouts(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    struct EndlessReader reader = {0, NULL, 1};
    filestore_upload_options* upload = NULL;
    filestore_download_options* download = NULL;
    filestore_call_options* call = NULL;
    filestore_buffer* buffer = NULL;
    int32_t exists = 1;
    filestore_upload_options_create(&upload, NULL);
    filestore_download_options_create(&download, NULL);
    filestore_call_options_create(&call, NULL);
    check_code(filestore_upload_options_set_timeout_ms(upload, UINT64_MAX, &err), FILESTORE_OK, &err,
               "the longest timeout of an upload");
    check_code(filestore_download_options_set_timeout_ms(download, 3600000, &err), FILESTORE_OK, &err,
               "an hour for a download");
    check_code(filestore_call_options_set_timeout_ms(call, 3600000, &err), FILESTORE_OK, &err,
               "an hour for a call");
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, upload, id, &err), FILESTORE_OK, &err,
               "an upload within the longest timeout");
    check_code(filestore_download_buffer(service, id, download, &buffer, &err), FILESTORE_OK, &err,
               "a download within its time");
    filestore_buffer_destroy(buffer);
    check_code(filestore_exists(service, id, call, &exists, &err), FILESTORE_OK, &err,
               "a call within its time");
    filestore_upload_options_set_timeout_ms(upload, 1, NULL);
    check_code(filestore_upload_callback(service, read_endlessly, NULL, &reader, FILESTORE_UNKNOWN_SIZE,
                                         upload, id, &err),
               FILESTORE_TIMEOUT, &err, "an upload that is slower than its timeout");
    filestore_upload_options_destroy(upload);
    filestore_download_options_destroy(download);
    filestore_call_options_destroy(call);
}
