/* Callbacks that end what they are of, and that call back in.
 *
 * usage: inside NAME DIRECTORY        NAME is "s3" or that of a local store
 */

#define _XOPEN_SOURCE 700

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "border.h"

static const char* directory;
static const char* name;

/* What a callback ends: everything of the call that it is of. */
struct Belongings {
    filestore_service* service;
    filestore_cancel* cancel;
    filestore_pause* pause;
    filestore_upload_options* upload;
    filestore_download_options* download;
    int times;
    int done;
    int32_t code;
};

static void make_belongings(struct Belongings* all, filestore_progress_function progress) {
    memset(all, 0, sizeof *all);
    all->service = open_store(&linked_library, directory, name);
    filestore_cancel_create(&all->cancel, NULL);
    filestore_pause_create(&all->pause, NULL);
    filestore_upload_options_create(&all->upload, NULL);
    filestore_upload_options_set_cancel(all->upload, all->cancel, NULL);
    filestore_upload_options_set_pause(all->upload, all->pause, NULL);
    filestore_upload_options_set_progress(all->upload, progress, all, NULL);
    filestore_download_options_create(&all->download, NULL);
    filestore_download_options_set_cancel(all->download, all->cancel, NULL);
    filestore_download_options_set_progress(all->download, progress, all, NULL);
}

static void end_options(struct Belongings* all) {
    filestore_upload_options_destroy(all->upload);
    filestore_download_options_destroy(all->download);
    filestore_pause_destroy(all->pause);
    filestore_cancel_destroy(all->cancel);
    all->upload = NULL;
    all->download = NULL;
    all->pause = NULL;
    all->cancel = NULL;
}

/* In any callback: nothing waits, and what does not wait is answered. */
static void call_back_in(struct Belongings* all) {
    int32_t exists = 0;
    char id[FILESTORE_ID_SIZE];
    const int32_t deadlock = FILESTORE_WOULD_DEADLOCK;
    require(filestore_exists(all->service, UNKNOWN_ID, NULL, &exists, NULL) == deadlock, "exists inside");
    require(filestore_upload_buffer(all->service, "x", 1, NULL, id, NULL) == deadlock, "upload inside");
    require(filestore_code_name(FILESTORE_OK) != NULL && filestore_generate_id(id, NULL) == FILESTORE_OK,
            "what does not wait works inside");
}

static void count_answer(void* context, filestore_answer* answer) {
    filestore_answer_destroy(answer);
    __atomic_add_fetch((int*)context, 1, __ATOMIC_SEQ_CST);
}

static void begin_another(struct Belongings* all) {
    require(filestore_exists_async(all->service, UNKNOWN_ID, NULL, count_answer, &all->times, NULL) ==
                FILESTORE_OK,
            "a call begins inside");
}

static int32_t read_once(void* context, void* buffer, size_t capacity, size_t* length) {
    struct Belongings* all = context;
    (void)capacity;
    if (all->code++ == 0) {
        call_back_in(all);
        begin_another(all);
        end_options(all);
        memcpy(buffer, "hello", 5);
        *length = 5;
    }
    return 0;
}

static int32_t write_once(void* context, const void* data, size_t size) {
    struct Belongings* all = context;
    (void)data;
    (void)size;
    call_back_in(all);
    begin_another(all);
    return 0;
}

static void hear_progress(void* context, uint64_t done, uint64_t total) {
    struct Belongings* all = context;
    (void)done;
    (void)total;
    call_back_in(all);
}

static void reader_and_writer(void) {
    struct Belongings all;
    char id[FILESTORE_ID_SIZE];
    make_belongings(&all, hear_progress);
    require(filestore_upload_callback(all.service, read_once, NULL, &all, FILESTORE_UNKNOWN_SIZE, all.upload,
                                      id, NULL) == FILESTORE_OK,
            "an upload whose reader ends its options");
    require(filestore_download_callback(all.service, id, write_once, &all, NULL, NULL) == FILESTORE_OK,
            "a download whose writer calls back in");
    wait_for_calls(&all.times, 2);
    filestore_delete(all.service, id, NULL, NULL, NULL);
    filestore_close(all.service);
}

/* The last to be heard of the service: it ends it, its answer and all else. */
static void end_everything(void* context, filestore_answer* answer) {
    struct Belongings* all = context;
    call_back_in(all);
    filestore_answer_destroy(answer);
    end_options(all);
    filestore_close(all->service);
    __atomic_add_fetch(&all->done, 1, __ATOMIC_SEQ_CST);
}

static void service_in_its_answer(void) {
    struct Belongings all;
    make_belongings(&all, NULL);
    require(filestore_exists_async(all.service, UNKNOWN_ID, NULL, end_everything, &all, NULL) == FILESTORE_OK,
            "a call that ends its service");
    wait_for_calls(&all.done, 1);
    wait_for_threads(1);
}

static void service_in_its_answer_with_others(void) {
    enum { others = 25 };
    struct Belongings all;
    make_belongings(&all, NULL);
    for (int call = 0; call < others; ++call) {
        begin_another(&all);
    }
    require(filestore_exists_async(all.service, UNKNOWN_ID, NULL, end_everything, &all, NULL) == FILESTORE_OK,
            "a call that ends its service");
    wait_for_calls(&all.done, 1);
    wait_for_calls(&all.times, others);
    wait_for_threads(1);
}

static int32_t end_in_a_reader(void* context, void* buffer, size_t capacity, size_t* length) {
    struct Belongings* all = context;
    (void)buffer;
    (void)capacity;
    filestore_cancel_request(all->cancel);
    end_options(all);
    filestore_close(all->service);
    *length = 0;
    return 0;
}

static void take_code(void* context, filestore_answer* answer) {
    struct Belongings* all = context;
    all->code = filestore_answer_code(answer);
    filestore_answer_destroy(answer);
    __atomic_add_fetch(&all->done, 1, __ATOMIC_SEQ_CST);
}

static void service_in_a_reader(void) {
    struct Belongings all;
    make_belongings(&all, NULL);
    require(filestore_upload_callback_async(all.service, end_in_a_reader, NULL, &all, FILESTORE_UNKNOWN_SIZE,
                                            all.upload, take_code, &all, NULL) == FILESTORE_OK,
            "an upload whose reader ends the service");
    wait_for_calls(&all.done, 1);
    require(all.code == FILESTORE_CANCELLED || all.code == FILESTORE_OK, "it is answered all the same");
    wait_for_threads(1);
}

/* A backend whose function ends the last handle on it, and the service. */
static filestore_backend* own_backend;
static filestore_service* on_own_backend;
static int destroyed = 0;

static void hear_end(void* context) {
    (void)context;
    __atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static int32_t end_itself(void* context, filestore_backend_call* call) {
    int32_t exists = 0;
    (void)context;
    require(filestore_exists(on_own_backend, UNKNOWN_ID, NULL, &exists, NULL) == FILESTORE_WOULD_DEADLOCK,
            "a backend does not wait for a store");
    filestore_backend_close(own_backend);
    filestore_close(on_own_backend);
    return filestore_backend_call_state(call) == FILESTORE_OK ? FILESTORE_NOT_FOUND : FILESTORE_CANCELLED;
}

static void backend_in_itself(void) {
    struct Belongings all = {0};
    filestore_options* options = NULL;
    filestore_backend_table table = {0};
    table.struct_size = sizeof table;
    table.destroy = hear_end;
    table.describe = end_itself;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "catalogue_path", "off", NULL);
    require(filestore_backend_create(&table, NULL, NULL, &own_backend, NULL) == FILESTORE_OK, "a backend");
    require(filestore_open_on(own_backend, options, &on_own_backend, NULL) == FILESTORE_OK, "a service");
    filestore_options_destroy(options);
    require(filestore_exists_async(on_own_backend, UNKNOWN_ID, NULL, take_code, &all, NULL) == FILESTORE_OK,
            "a call whose backend ends itself");
    wait_for_calls(&all.done, 1);
    wait_for_calls(&destroyed, 1);
    wait_for_threads(1);
}

int main(int argc, char** argv) {
    require(argc == 3, "usage: inside NAME DIRECTORY");
    name = argv[1];
    directory = argv[2];
    reader_and_writer();
    service_in_its_answer();
    service_in_its_answer_with_others();
    service_in_a_reader();
    backend_in_itself();
    return 0;
}
