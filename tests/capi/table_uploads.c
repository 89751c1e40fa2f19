/* Backends of the program's own: uploads that come piece by piece. */

#include <stddef.h>

#include "memory_backend.h"
#include "support.h"

#define BEGUN_AT INT64_C(1767225600000000)

static int64_t now_of_store(void* context) {
    return ((const struct MemoryStore*)context)->now;
}

/* A service without a catalogue on a backend of that table, whose clock is the store's. */
static filestore_service* open_on_table(const filestore_backend_table* table, struct MemoryStore* store) {
    filestore_options* options = NULL;
    filestore_backend* backend = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "catalogue_path", "off", NULL);
    filestore_options_set_clock(options, now_of_store, store, NULL);
    store->now = BEGUN_AT;
    check_code(filestore_backend_create(table, store, options, &backend, &err), FILESTORE_OK, &err,
               "a table with uploads");
    check_code(filestore_open_on(backend, options, &service, &err), FILESTORE_OK, &err,
               "a service on a table with uploads");
    filestore_backend_close(backend);
    filestore_options_destroy(options);
    return service;
}

static int32_t append(filestore_service* service, const char* id, uint64_t offset, const char* text,
                      uint64_t* next) {
    struct Reader reader = {text, strlen(text), 0, 5, 0, 0, 0};
    return filestore_upload_append_callback(service, id, offset, read_data, &reader, FILESTORE_UNKNOWN_SIZE,
                                            FILESTORE_UNKNOWN_SIZE, NULL, next, &err);
}

static uint64_t offset_of(filestore_service* service, const char* id) {
    uint64_t offset = 4711;
    filestore_upload_state(service, id, NULL, &offset, NULL, NULL, NULL);
    return offset;
}

static void test_failing_functions(filestore_service* service, struct MemoryStore* store) {
    char id[FILESTORE_ID_SIZE];
    uint64_t next = 7;
    store->failure = "the tape is full";
    store->fail_with = FILESTORE_NO_SPACE;
    const int32_t code = filestore_upload_begin(service, 12, NULL, id, &err);
    check_text(filestore_error_message(err), "the tape is full", "begin_upload fails in its own words");
    check_code(code, FILESTORE_NO_SPACE, &err, "begin_upload fails");
    filestore_upload_begin(service, 12, NULL, id, NULL);
    store->fail_with = FILESTORE_UNAVAILABLE;
    check_code(append(service, id, 0, "hello", &next), FILESTORE_UNAVAILABLE, &err, "open_append fails");
    check(store->open_appends == 0 && next == 0, "what could not be opened is not ended");
    check_code(append(service, id, 0, "hello", &next), FILESTORE_OK, &err, "an append to a table");
    check(next == 5, "an append tells where the next one goes");
    check_code(append(service, id, 4, "x", &next), FILESTORE_PRECONDITION_FAILED, &err,
               "an append elsewhere");
    check(offset_of(service, id) == 5 && store->open_appends == 0, "the bytes of one append");
    filestore_upload_end(service, id, NULL, NULL, NULL);
}

/* Sets what the next function of the table fails with, once the first bytes have been taken. */
struct Spoiler {
    struct Reader reader;
    struct MemoryStore* store;
};

static int32_t spoil(void* context, void* buffer, size_t capacity, size_t* length) {
    struct Spoiler* spoiler = context;
    const int32_t code = read_data(&spoiler->reader, buffer, capacity, length);
    if (spoiler->reader.position > 5 || *length == 0) {
        spoiler->store->failure = NULL;
        spoiler->store->fail_with = FILESTORE_IO;
    }
    return code;
}

static void check_spoilt(filestore_service* service, struct MemoryStore* store, size_t size, uint64_t left,
                         const char* name) {
    char id[FILESTORE_ID_SIZE];
    struct Spoiler spoiler = {{TEXT, size, 0, 5, 0, 0, 0}, store};
    filestore_upload_begin(service, TEXT_SIZE, NULL, id, NULL);
    check_code(filestore_upload_append_callback(service, id, 0, spoil, &spoiler, FILESTORE_UNKNOWN_SIZE,
                                                FILESTORE_UNKNOWN_SIZE, NULL, NULL, &err),
               FILESTORE_IO, &err, name);
    check(store->open_appends == 0 && offset_of(service, id) == left, name);
    filestore_upload_end(service, id, NULL, NULL, NULL);
}

static void test_expiry(filestore_service* service, struct MemoryStore* store) {
    char id[FILESTORE_ID_SIZE];
    uint64_t count = 7;
    filestore_upload_begin(service, 12, NULL, id, NULL);
    const int64_t lifetime = store->pieces[0].expires_at - BEGUN_AT;
    check(lifetime > 0, "an upload has a time to live");
    store->now += lifetime;
    const int32_t code = append(service, id, 0, "hello", NULL);
    check_text(filestore_error_server_code(err), "expired", "it says that its time is over");
    check_code(code, FILESTORE_NOT_FOUND, &err, "an append to an upload whose time is over");
    check_code(filestore_sweep_uploads(service, NULL, &count, &err), FILESTORE_OK, &err,
               "sweep_uploads of a table");
    check(count == 1 && store->pieces[0].id[0] == '\0', "what is over is removed");
    store->now = BEGUN_AT;
}

static void test_discarding(filestore_service* service, struct MemoryStore* store) {
    char id[FILESTORE_ID_SIZE];
    filestore_backend* backend = NULL;
    filestore_upload_begin(service, 12, NULL, id, NULL);
    filestore_backend_of(service, &backend, NULL);
    check_code(filestore_backend_upload_buffer(backend, id, TEXT, TEXT_SIZE, NULL, &err), FILESTORE_OK, &err,
               "a file of an upload that is there");
    check_code(filestore_backend_discard(backend, id, NULL, &err), FILESTORE_OK, &err,
               "discard of an upload that is there");
    check(find_memory_file(store, id) != NULL, "somebody may be publishing it: it stays");
    filestore_upload_end(service, id, NULL, NULL, NULL);
    check_code(filestore_backend_discard(backend, id, NULL, &err), FILESTORE_OK, &err,
               "discard without an upload");
    check(find_memory_file(store, id) == NULL, "it is removed");
    filestore_backend_close(backend);
}

static void test_tables_without_uploads(void) {
    struct MemoryStore store;
    char id[FILESTORE_ID_SIZE];
    filestore_backend* backend = NULL;
    filestore_backend_table table = memory_uploads_table();
    make_memory_store(&store);
    table.struct_size = offsetof(filestore_backend_table, begin_upload);
    filestore_service* service = open_on_table(&table, &store);
    check_code(filestore_upload_begin(service, 1, NULL, id, &err), FILESTORE_UNSUPPORTED, &err,
               "an older table has no uploads");
    check(filestore_max_upload_length(service) == 0, "an upload has no length there");
    filestore_close(service);
    check(wait_for_ends(&store, 1), "an older table ends");
    table.struct_size = offsetof(filestore_backend_table, expire_uploads);
    check_code(filestore_backend_create(&table, &store, NULL, &backend, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "a table that ends among the functions of uploads");
    table = memory_uploads_table();
    table.end_append = NULL;
    check_code(filestore_backend_create(&table, &store, NULL, &backend, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "a table without end_append");
    check(backend == NULL && times_destroyed(&store) == 3, "every context is ended");
    end_memory_store(&store);
}

static void test_uploads_of_no_call(void) {
    check(filestore_backend_call_offset(NULL) == 0 && filestore_backend_call_lifetime(NULL) == 0 &&
              filestore_backend_call_all_or_nothing(NULL) == 0,
          "numbers of no call");
    check_code(filestore_backend_call_set_upload(NULL, 0, 0, 0, NULL, NULL, NULL, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "no call");
}

static int32_t describe_wrongly(void* context, filestore_backend_call* call) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    (void)context;
    check(filestore_backend_call_set_upload(call, 1, 2, 0, "\xFF", NULL, NULL, NULL) == invalid &&
              filestore_backend_call_set_upload(call, 1, 2, 0, NULL, NULL, "[", NULL) == invalid,
          "uploads that cannot be told of");
    return 4711;
}

static void test_wrong_uploads(void) {
    struct MemoryStore store;
    filestore_backend_table table = memory_uploads_table();
    make_memory_store(&store);
    table.describe_upload = describe_wrongly;
    filestore_service* service = open_on_table(&table, &store);
    const int32_t code = filestore_upload_state(service, UNKNOWN_ID, NULL, NULL, NULL, NULL, &err);
    check(filestore_error_caller_code(err) == 4711, "a number that is no code comes back");
    check_code(code, FILESTORE_INTERNAL, &err, "a state that cannot be told");
    filestore_close(service);
    check(wait_for_ends(&store, 1), "the backend ends");
    end_memory_store(&store);
}

void test_table_uploads(void) {
    struct MemoryStore store;
    const filestore_backend_table table = memory_uploads_table();
    make_memory_store(&store);
    filestore_service* service = open_on_table(&table, &store);
    check(filestore_max_upload_length(service) == INT64_MAX, "an upload may have any length");
    test_pieces_of(service);
    test_failing_functions(service, &store);
    check_spoilt(service, &store, TEXT_SIZE, 5, "a piece that append does not take");
    check_spoilt(service, &store, 5, 0, "a piece that end_append does not keep");
    test_expiry(service, &store);
    test_discarding(service, &store);
    check(store.open_appends == 0 && store.open_readers == 0 && store.open_writers == 0,
          "all that was opened is ended");
    filestore_close(service);
    check(wait_for_ends(&store, 1), "the backend ends");
    end_memory_store(&store);
    test_wrong_uploads();
    test_tables_without_uploads();
    test_uploads_of_no_call();
}
