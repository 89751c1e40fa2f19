/* Backends: the library's, and one of the program's own; conditions, and services on them. */

#include <stddef.h>
#include <stdlib.h>

#include "memory_backend.h"
#include "support.h"

static filestore_backend* open_local_backend(const char* name) {
    filestore_options* options = NULL;
    filestore_backend* backend = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory(name), NULL);
    check_code(filestore_backend_open(options, &backend, &err), FILESTORE_OK, &err, "backend_open");
    filestore_options_destroy(options);
    return backend;
}

static filestore_backend* open_memory_backend(struct MemoryStore* store) {
    const filestore_backend_table table = memory_backend_table();
    filestore_backend* backend = NULL;
    check_code(filestore_backend_create(&table, store, NULL, &backend, &err), FILESTORE_OK, &err,
               "backend_create");
    return backend;
}

static void put(filestore_backend* backend, const char* id, const char* text, const char* name) {
    filestore_upload_options* options = NULL;
    filestore_upload_options_create(&options, NULL);
    filestore_upload_options_set_path(options, "notes.txt", NULL);
    filestore_upload_options_set_content_type(options, "text/plain", NULL);
    filestore_upload_options_set_metadata(options, "author", "Ada", NULL);
    check_code(filestore_backend_upload_buffer(backend, id, text, strlen(text), options, &err), FILESTORE_OK,
               &err, name);
    filestore_upload_options_destroy(options);
}

static void check_content(filestore_backend* backend, const char* id, const char* text, const char* name) {
    filestore_buffer* buffer = NULL;
    check_code(filestore_backend_download_buffer(backend, id, NULL, &buffer, &err), FILESTORE_OK, &err, name);
    check(buffer_holds(buffer, text, strlen(text)), name);
    filestore_buffer_destroy(buffer);
}

/* The caller destroys it. */
static filestore_buffer* version_of(filestore_backend* backend, const char* id) {
    filestore_buffer* json = NULL;
    filestore_buffer* version = NULL;
    check_code(filestore_backend_metadata(backend, id, NULL, &json, &version, &err), FILESTORE_OK, &err,
               "backend_metadata");
    check(strstr(filestore_buffer_data(json), "\"original_path\":\"notes.txt\"") != NULL &&
              strstr(filestore_buffer_data(json), "\"content_type\":\"text/plain\"") != NULL &&
              strstr(filestore_buffer_data(json), "\"metadata\":{\"author\":\"Ada\"}") != NULL,
          "the metadata of a backend");
    filestore_buffer_destroy(json);
    check(filestore_buffer_size(version) > 0, "the version of a file");
    return version;
}

static void test_streams_of(filestore_backend* backend) {
    char id[FILESTORE_ID_SIZE];
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 5, 0, 0, 0};
    struct Writer writer = {{0}, 0, 0};
    filestore_download_options* range = NULL;
    filestore_buffer* buffer = NULL;
    check_code(filestore_generate_id(id, &err), FILESTORE_OK, &err, "generate_id");
    check_code(filestore_backend_upload_callback(backend, id, read_data, NULL, &reader,
                                                 FILESTORE_UNKNOWN_SIZE, NULL, &err),
               FILESTORE_OK, &err, "backend_upload_callback");
    check_code(filestore_backend_download_callback(backend, id, write_data, &writer, NULL, &err),
               FILESTORE_OK, &err, "backend_download_callback");
    check(writer.size == TEXT_SIZE && memcmp(writer.data, TEXT, TEXT_SIZE) == 0, "the writer got the bytes");
    reader.position = 0;
    reader.fail_at = 5;
    reader.fail_with = 4711;
    const int32_t code =
        filestore_backend_upload_callback(backend, id, read_data, NULL, &reader, TEXT_SIZE, NULL, &err);
    check(filestore_error_caller_code(err) == 4711, "the reader's code comes back");
    check_code(code, FILESTORE_SOURCE_FAILED, &err, "an upload that breaks off");
    check_content(backend, id, TEXT, "what breaks off replaces nothing");
    filestore_download_options_create(&range, NULL);
    filestore_download_options_set_range(range, 6, 4, NULL);
    check_code(filestore_backend_download_buffer(backend, id, range, &buffer, &err), FILESTORE_OK, &err,
               "a range of a backend");
    check(buffer_holds(buffer, "from", 4), "the range is what was asked");
    filestore_buffer_destroy(buffer);
    filestore_download_options_set_range(range, TEXT_SIZE, 1, NULL);
    check_code(filestore_backend_download_buffer(backend, id, range, &buffer, &err),
               FILESTORE_RANGE_NOT_SATISFIABLE, &err, "a range behind the end");
    filestore_download_options_destroy(range);
    write_file("backend.txt", "from a file");
    check_code(filestore_backend_upload_path(backend, id, path_in_directory("backend.txt"), NULL, &err),
               FILESTORE_OK, &err, "backend_upload_path");
    check_code(filestore_backend_download_path(backend, id, path_in_directory("backend-out.txt"), NULL, &err),
               FILESTORE_OK, &err, "backend_download_path");
    check(file_holds("backend-out.txt", "from a file"), "the file holds the bytes");
    filestore_backend_delete(backend, id, NULL, NULL, NULL);
}

static void test_conditional_uploads_of(filestore_backend* backend) {
    char id[FILESTORE_ID_SIZE];
    filestore_upload_options* options = NULL;
    filestore_generate_id(id, NULL);
    put(backend, id, "first", "a first upload");
    filestore_buffer* first = version_of(backend, id);
    filestore_upload_options_create(&options, NULL);
    check_code(filestore_upload_options_set_create_only(options, 1, &err), FILESTORE_OK, &err,
               "set_create_only");
    check_code(filestore_backend_upload_buffer(backend, id, "x", 1, options, &err), FILESTORE_ALREADY_EXISTS,
               &err, "create only where something is");
    filestore_upload_options_set_if_version(options, filestore_buffer_data(first), NULL);
    check_code(filestore_backend_upload_buffer(backend, id, "x", 1, options, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "both conditions");
    filestore_upload_options_set_create_only(options, 0, NULL);
    put(backend, id, "second", "another upload");
    check_code(filestore_upload_options_set_if_version(options, filestore_buffer_data(first), &err),
               FILESTORE_OK, &err, "set_if_version of an upload");
    check_code(filestore_backend_upload_buffer(backend, id, "x", 1, options, &err),
               FILESTORE_PRECONDITION_FAILED, &err, "an upload over another version");
    check_content(backend, id, "second", "a condition that does not hold changes nothing");
    filestore_buffer* second = version_of(backend, id);
    filestore_upload_options_set_if_version(options, filestore_buffer_data(second), NULL);
    check_code(filestore_backend_upload_buffer(backend, id, "third", 5, options, &err), FILESTORE_OK, &err,
               "an upload over its version");
    check_content(backend, id, "third", "it replaces the file");
    filestore_upload_options_destroy(options);
    filestore_buffer_destroy(first);
    filestore_buffer_destroy(second);
    filestore_backend_delete(backend, id, NULL, NULL, NULL);
}

static void test_conditional_deletions_of(filestore_backend* backend) {
    char id[FILESTORE_ID_SIZE];
    filestore_call_options* options = NULL;
    int32_t answer = 7;
    filestore_generate_id(id, NULL);
    put(backend, id, "first", "an upload to delete");
    filestore_buffer* version = version_of(backend, id);
    filestore_call_options_create(&options, NULL);
    check_code(filestore_call_options_set_if_version(options, "another", &err), FILESTORE_OK, &err,
               "set_if_version of a deletion");
    check_code(filestore_backend_delete(backend, id, options, &answer, &err), FILESTORE_PRECONDITION_FAILED,
               &err, "a deletion of another version");
    check(answer == 0, "nothing was deleted");
    check_code(filestore_backend_exists(backend, id, NULL, &answer, &err), FILESTORE_OK, &err,
               "backend_exists");
    check(answer == 1, "the file is there");
    filestore_call_options_set_if_version(options, filestore_buffer_data(version), NULL);
    check_code(filestore_backend_delete(backend, id, options, &answer, &err), FILESTORE_OK, &err,
               "a deletion of its version");
    check(answer == 1, "it was there");
    filestore_call_options_set_if_version(options, NULL, NULL);
    check_code(filestore_backend_delete(backend, id, options, &answer, &err), FILESTORE_OK, &err,
               "a deletion of nothing");
    check(answer == 0, "nothing was there");
    filestore_backend_exists(backend, id, NULL, &answer, NULL);
    check(answer == 0, "nothing is there");
    filestore_call_options_destroy(options);
    filestore_buffer_destroy(version);
}

static void test_missing_of(filestore_backend* backend) {
    filestore_buffer* buffer = NULL;
    filestore_buffer* version = NULL;
    check_code(filestore_backend_download_buffer(backend, UNKNOWN_ID, NULL, &buffer, &err),
               FILESTORE_NOT_FOUND, &err, "a download of nothing");
    check_code(filestore_backend_metadata(backend, UNKNOWN_ID, NULL, &buffer, &version, &err),
               FILESTORE_NOT_FOUND, &err, "the metadata of nothing");
    check(buffer == NULL && version == NULL, "no buffers of a failure");
}

static void test_pages_of(filestore_backend* backend) {
    char ids[3][FILESTORE_ID_SIZE];
    char cursor[256] = "";
    char last[FILESTORE_ID_SIZE] = "";
    filestore_list_page* page = NULL;
    int files = 0;
    int more = 1;
    for (size_t i = 0; i < 3; ++i) {
        filestore_generate_id(ids[i], NULL);
        put(backend, ids[i], "listed", "an upload to list");
    }
    for (int pages = 0; more && pages < 10; ++pages) {
        check_code(filestore_backend_list(backend, cursor, 2, NULL, &page, &err), FILESTORE_OK, &err,
                   "backend_list");
        for (size_t i = 0; i < filestore_list_page_count(page); ++i, ++files) {
            check(strcmp(filestore_list_page_id(page, i), last) > 0 && filestore_list_page_size(page, i) == 6,
                  "files are in order, with their sizes");
            snprintf(last, sizeof last, "%s", filestore_list_page_id(page, i));
        }
        more = filestore_list_page_next(page) != NULL;
        snprintf(cursor, sizeof cursor, "%s", more ? filestore_list_page_next(page) : "");
        filestore_list_page_destroy(page);
    }
    check(files == 3, "every file is listed once");
    for (size_t i = 0; i < 3; ++i) {
        filestore_backend_delete(backend, ids[i], NULL, NULL, NULL);
    }
}

/* What every backend has to do that can all of it; empty before and after. */
static void test_any_backend(filestore_backend* backend, const char* name) {
    check_text(filestore_backend_name(backend), name, "backend_name");
    check(filestore_backend_can(backend, "compare_and_swap") == 1 &&
              filestore_backend_can(backend, "compare_and_delete") == 1 &&
              filestore_backend_can(backend, "remove_tells_existence") == 1 &&
              filestore_backend_can(backend, "may_store_late") == 0 &&
              filestore_backend_can(backend, "leaves_uploads") == 0 &&
              filestore_backend_can(backend, "fly") == 0 && filestore_backend_can(backend, NULL) == 0,
          "backend_can");
    test_streams_of(backend);
    test_conditional_uploads_of(backend);
    test_conditional_deletions_of(backend);
    test_missing_of(backend);
    test_pages_of(backend);
}

static void test_service_on_memory(filestore_backend* backend, struct MemoryStore* store) {
    char id[FILESTORE_ID_SIZE];
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_buffer* buffer = NULL;
    int32_t answer = 0;
    filestore_options_create(&options, NULL);
    check_code(filestore_open_on(backend, options, &service, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "open_on without a catalogue_path");
    filestore_options_set(options, "catalogue_path", path_in_directory("memory.sqlite"), NULL);
    filestore_options_set(options, "audit_url", "off", NULL);
    check_code(filestore_open_on(backend, options, &service, &err), FILESTORE_OK, &err, "open_on");
    filestore_options_destroy(options);
    filestore_backend_close(backend);
    store_text(service, TEXT, id);
    check(store->count == 1 && store->open_writers == 0, "the backend has the file");
    check_code(filestore_download_buffer(service, id, NULL, &buffer, &err), FILESTORE_OK, &err,
               "a download by a service on a backend of the program's own");
    check(buffer_holds(buffer, TEXT, TEXT_SIZE), "it has the bytes");
    filestore_buffer_destroy(buffer);
    check(stored_count(service) == 1, "a listing of that service");
    check_code(filestore_history(service, id, NULL, &buffer, &err), FILESTORE_OK, &err,
               "the record of that service");
    filestore_buffer_destroy(buffer);
    store->failure = "the tape is full";
    store->fail_with = FILESTORE_NO_SPACE;
    char refused[FILESTORE_ID_SIZE];
    const int32_t code = filestore_upload_buffer(service, TEXT, TEXT_SIZE, NULL, refused, &err);
    check_text(filestore_error_message(err), "the tape is full", "a failure in the backend's own words");
    check(filestore_error_retryable(err) == 1, "it may be tried again");
    check_code(code, FILESTORE_NO_SPACE, &err, "a failure of the backend");
    check(stored_count(service) == 1, "nothing is stored by what failed");
    check_code(filestore_delete(service, id, NULL, &answer, &err), FILESTORE_OK, &err,
               "a deletion by that service");
    check(answer == 1 && store->count == 0, "the backend has removed the file");
    check_code(filestore_verify(service, NULL, &buffer, &err), FILESTORE_UNSUPPORTED, &err,
               "what the backend cannot do");
    check(times_destroyed(store) == 0, "the backend lives as long as a service on it");
    filestore_close(service);
    check(wait_for_ends(store, 1), "with the last handle it ends");
    check(times_destroyed(store) == 1 && store->open_readers == 0 && store->open_writers == 0,
          "it ends once, with all that was open");
}

static void test_memory_failures(filestore_backend* backend, struct MemoryStore* store) {
    filestore_buffer* buffer = NULL;
    store->failure = NULL;
    store->fail_with = 4711;
    const int32_t code = filestore_backend_download_buffer(backend, UNKNOWN_ID, NULL, &buffer, &err);
    check(filestore_error_caller_code(err) == 4711, "a number that is no code comes back");
    check_code(code, FILESTORE_INTERNAL, &err, "a number that is no code");
    store->fail_with = FILESTORE_UNAVAILABLE;
    check_code(filestore_backend_upload_buffer(backend, UNKNOWN_ID, "x", 1, NULL, &err),
               FILESTORE_UNAVAILABLE, &err, "a failure without words");
    check(store->open_readers == 0 && store->open_writers == 0 && store->count == 0,
          "what could not be opened is not ended");
}

static void test_url_of_memory(filestore_backend* backend) {
    filestore_presign_options* options = NULL;
    filestore_buffer* url = NULL;
    int64_t expires_at = 7;
    filestore_presign_options_create(&options, NULL);
    filestore_presign_options_set_method(options, "head", NULL);
    filestore_presign_options_set_expires_in(options, 60, NULL);
    check_code(filestore_backend_presign(backend, UNKNOWN_ID, options, &url, &expires_at, &err), FILESTORE_OK,
               &err, "backend_presign");
    check_text(filestore_buffer_data(url), "memory:" UNKNOWN_ID "?head", "the URL of a backend");
    check(expires_at == 60000000, "when it ends");
    filestore_buffer_destroy(url);
    filestore_presign_options_set_method(options, "get", NULL);
    filestore_presign_options_set_disposition(options, "inline", NULL);
    filestore_presign_options_set_content_type(options, "text/x", NULL);
    filestore_presign_options_set_exact_expiry(options, 1, NULL);
    filestore_backend_presign(backend, UNKNOWN_ID, options, &url, &expires_at, NULL);
    check_text(filestore_buffer_data(url), "memory:" UNKNOWN_ID "?getinlinetext/x!",
               "all that is asked for a URL");
    filestore_buffer_destroy(url);
    filestore_presign_options_destroy(options);
}

static void test_older_table(void) {
    struct MemoryStore store;
    filestore_backend_table table = memory_backend_table();
    filestore_backend* backend = NULL;
    filestore_buffer* url = NULL;
    filestore_list_page* page = NULL;
    char id[FILESTORE_ID_SIZE];
    make_memory_store(&store);
    table.struct_size = offsetof(filestore_backend_table, presign);
    check_code(filestore_backend_create(&table, &store, NULL, &backend, &err), FILESTORE_OK, &err,
               "a table of an older program");
    filestore_generate_id(id, NULL);
    put(backend, id, "old", "an upload to it");
    check_content(backend, id, "old", "a download from it");
    check(filestore_backend_can(backend, "presign") == 0, "it has no URLs");
    check_code(filestore_backend_presign(backend, id, NULL, &url, NULL, &err), FILESTORE_UNSUPPORTED, &err,
               "a URL of it");
    filestore_backend_close(backend);
    table.struct_size = sizeof table;
    table.list = NULL;
    table.abilities = 0;
    table.name = NULL;
    filestore_backend_create(&table, &store, NULL, &backend, NULL);
    check_text(filestore_backend_name(backend), "custom", "a backend without a name");
    check_code(filestore_backend_list(backend, NULL, 0, NULL, &page, &err), FILESTORE_UNSUPPORTED, &err,
               "a list of a backend that has none");
    filestore_call_options* options = NULL;
    filestore_call_options_create(&options, NULL);
    filestore_call_options_set_if_version(options, "v1", NULL);
    check_code(filestore_backend_delete(backend, id, options, NULL, &err), FILESTORE_UNSUPPORTED, &err,
               "a condition of a backend that has none");
    filestore_call_options_destroy(options);
    check_content(backend, id, "old", "what cannot be compared stays");
    filestore_backend_close(backend);
    check(store.destroyed == 2, "each backend ends once");
    end_memory_store(&store);
}

static void test_wrong_tables(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    struct MemoryStore store;
    filestore_backend_table table = memory_backend_table();
    filestore_backend* backend = NULL;
    make_memory_store(&store);
    check_code(filestore_backend_create(NULL, &store, NULL, &backend, &err), invalid, &err,
               "backend_create without a table");
    table.struct_size = offsetof(filestore_backend_table, destroy);
    check_code(filestore_backend_create(&table, &store, NULL, &backend, &err), invalid, &err,
               "a table that is too short");
    check(store.destroyed == 0, "it has no function to end it");
    table = memory_backend_table();
    table.close_writer = NULL;
    check_code(filestore_backend_create(&table, &store, NULL, &backend, &err), invalid, &err,
               "a table without close_writer");
    check(store.destroyed == 1 && backend == NULL, "what cannot be made is ended");
    table = memory_backend_table();
    table.read = NULL;
    check_code(filestore_backend_create(&table, &store, NULL, &backend, &err), invalid, &err,
               "a table without read");
    table = memory_backend_table();
    check_code(filestore_backend_create(&table, &store, NULL, NULL, &err), invalid, &err,
               "backend_create without output");
    check(store.destroyed == 3, "every context is ended");
    end_memory_store(&store);
}

/* Answers that the library refuses, in the place of a listing. */
static int32_t list_wrongly(void* context, filestore_backend_call* call) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    (void)context;
    check(filestore_backend_call_add_file(call, "x", 1, 0, NULL) == invalid, "a malformed id on a page");
    check(filestore_backend_call_add_file(call, UNKNOWN_ID, 1, 0, NULL) == FILESTORE_OK, "a file on a page");
    check(filestore_backend_call_limit(call) == 1 &&
              filestore_backend_call_add_file(call, UNKNOWN_ID, 1, 0, NULL) == invalid,
          "a page that is full");
    check(filestore_backend_call_set_next(call, "\xFF", NULL) == invalid, "a cursor that is not UTF-8");
    check(filestore_backend_call_set_info(call, 1, 0, NULL, NULL, "[", NULL, NULL) == invalid,
          "metadata that is no JSON object");
    check(filestore_backend_call_set_failure(call, "\xFF", 0, NULL) == invalid, "words that are not UTF-8");
    return FILESTORE_OK;
}

static void test_wrong_answers(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    filestore_backend_table table;
    filestore_backend* backend = NULL;
    filestore_list_page* page = NULL;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.list = list_wrongly;
    filestore_backend_create(&table, NULL, NULL, &backend, NULL);
    check_code(filestore_backend_list(backend, NULL, 1, NULL, &page, &err), FILESTORE_OK, &err,
               "a listing with wrong answers");
    check(filestore_list_page_count(page) == 1, "the right ones count");
    filestore_list_page_destroy(page);
    filestore_backend_close(backend);
    check_code(filestore_backend_call_set_failure(NULL, "x", 0, &err), invalid, &err, "no call");
    check_code(filestore_backend_call_set_info(NULL, 0, 0, NULL, NULL, NULL, NULL, &err), invalid, &err,
               "no call");
    check_code(filestore_backend_call_add_file(NULL, UNKNOWN_ID, 0, 0, &err), invalid, &err, "no call");
    check_code(filestore_backend_call_set_next(NULL, "x", &err), invalid, &err, "no call");
    check_code(filestore_backend_call_set_url(NULL, "x", 0, &err), invalid, &err, "no call");
    check(filestore_backend_call_state(NULL) == FILESTORE_OK &&
              filestore_backend_call_size(NULL) == FILESTORE_UNKNOWN_SIZE &&
              filestore_backend_call_create_only(NULL) == 0 && filestore_backend_call_limit(NULL) == 0 &&
              filestore_backend_call_expires_in(NULL) == 0,
          "numbers of no call");
    check_text(filestore_backend_call_id(NULL), "", "id of no call");
    check_text(filestore_backend_call_path(NULL), "", "path of no call");
    check_text(filestore_backend_call_content_type(NULL), "", "content type of no call");
    check_text(filestore_backend_call_metadata(NULL), "", "metadata of no call");
    check_text(filestore_backend_call_if_version(NULL), "", "version of no call");
    check_text(filestore_backend_call_cursor(NULL), "", "cursor of no call");
    check_text(filestore_backend_call_method(NULL), "", "method of no call");
}

static void test_wrong_calls_of_backends(filestore_backend* backend) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char* no_id = NULL;
    filestore_buffer* buffer = NULL;
    filestore_list_page* page = NULL;
    filestore_service* service = NULL;
    int32_t answer = 7;
    check_code(filestore_backend_open(NULL, NULL, &err), invalid, &err, "backend_open without output");
    check_code(filestore_open_on(NULL, NULL, &service, &err), invalid, &err, "open_on without backend");
    check_code(filestore_open_on(backend, NULL, &service, &err), invalid, &err, "open_on without options");
    check_code(filestore_generate_id(no_id, &err), invalid, &err, "generate_id without output");
    check_code(filestore_backend_upload_buffer(NULL, UNKNOWN_ID, "x", 1, NULL, &err), invalid, &err,
               "backend_upload_buffer without backend");
    check_code(filestore_backend_upload_buffer(backend, "x", "x", 1, NULL, &err), invalid, &err,
               "backend_upload_buffer of a malformed id");
    check_code(filestore_backend_upload_path(backend, UNKNOWN_ID, NULL, NULL, &err), invalid, &err,
               "backend_upload_path without path");
    check_code(filestore_backend_upload_callback(backend, UNKNOWN_ID, NULL, NULL, NULL, 0, NULL, &err),
               invalid, &err, "backend_upload_callback without reader");
    check_code(filestore_backend_download_path(NULL, UNKNOWN_ID, path_in_directory("x"), NULL, &err), invalid,
               &err, "backend_download_path without backend");
    check_code(filestore_backend_download_buffer(backend, UNKNOWN_ID, NULL, NULL, &err), invalid, &err,
               "backend_download_buffer without output");
    check_code(filestore_backend_download_callback(backend, UNKNOWN_ID, NULL, NULL, NULL, &err), invalid,
               &err, "backend_download_callback without writer");
    check_code(filestore_backend_delete(NULL, UNKNOWN_ID, NULL, &answer, &err), invalid, &err,
               "backend_delete without backend");
    check(answer == 0, "the answer is 0 after a failure");
    check_code(filestore_backend_exists(NULL, UNKNOWN_ID, NULL, &answer, &err), invalid, &err,
               "backend_exists without backend");
    check_code(filestore_backend_metadata(NULL, UNKNOWN_ID, NULL, &buffer, NULL, &err), invalid, &err,
               "backend_metadata without backend");
    check_code(filestore_backend_list(NULL, NULL, 0, NULL, &page, &err), invalid, &err,
               "backend_list without backend");
    check_code(filestore_backend_list(backend, NULL, 1001, NULL, &page, &err), invalid, &err,
               "backend_list of too many");
    check_code(filestore_backend_presign(NULL, UNKNOWN_ID, NULL, &buffer, NULL, &err), invalid, &err,
               "backend_presign without backend");
    check_code(filestore_upload_options_set_create_only(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_upload_options_set_if_version(NULL, "v", &err), invalid, &err, "no options");
    check_code(filestore_call_options_set_if_version(NULL, "v", &err), invalid, &err, "no options");
    check_text(filestore_backend_name(NULL), "", "the name of no backend");
    check(filestore_backend_can(NULL, "presign") == 0, "no backend can nothing");
    filestore_backend_close(NULL);
}

void test_batches(filestore_backend* backend) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char first[FILESTORE_ID_SIZE];
    const char* ids[] = {first, UNKNOWN_ID};
    const char* versions[] = {"another", NULL};
    filestore_buffer* json = NULL;
    filestore_generate_id(first, NULL);
    filestore_backend_upload_buffer(backend, first, TEXT, TEXT_SIZE, NULL, NULL);
    check_code(filestore_backend_delete_batch(backend, ids, versions, 2, NULL, &json, &err), FILESTORE_OK,
               &err, "a batch with a version");
    check_part(json, "\"removed\":false,\"keeps_version\":false,\"code\":\"precondition_failed\"",
               "a file of another version stays");
    check_code(filestore_backend_delete_batch(backend, ids, NULL, 2, NULL, &json, &err), FILESTORE_OK, &err,
               "backend_delete_batch");
    check(json != NULL && strstr(filestore_buffer_data(json), first) != NULL, "a batch has each ID");
    check_part(json, "\"removed\":true,\"keeps_version\":false},{", "a file of a batch was there");
    check_code(filestore_backend_delete_batch(backend, ids, NULL, 0, NULL, &json, &err), invalid, &err,
               "a batch of none");
    check_code(filestore_backend_delete_batch(backend, NULL, NULL, 1, NULL, &json, &err), invalid, &err,
               "a batch without IDs");
    check_code(filestore_backend_delete_batch(NULL, ids, NULL, 1, NULL, &json, &err), invalid, &err,
               "a batch without backend");
    ids[1] = NULL;
    check_code(filestore_backend_delete_batch(backend, ids, NULL, 2, NULL, &json, &err), invalid, &err,
               "a batch with no ID in it");
    check(json == NULL, "nothing after a failure");
}

static void test_whole_backends(filestore_backend* backend) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char id[FILESTORE_ID_SIZE];
    int32_t exists = 7;
    filestore_buffer* json = NULL;
    filestore_generate_id(id, NULL);
    filestore_backend_upload_buffer(backend, id, TEXT, TEXT_SIZE, NULL, NULL);
    check_code(filestore_backend_discard(backend, id, NULL, &err), FILESTORE_OK, &err, "backend_discard");
    filestore_backend_exists(backend, id, NULL, &exists, NULL);
    check(exists == 0, "what is discarded is not there");
    check_code(filestore_backend_discard(NULL, id, NULL, &err), invalid, &err, "discard without backend");
    check_code(filestore_backend_sweep_uploads(backend, 1, NULL, &json, &err), FILESTORE_OK, &err,
               "backend_sweep_uploads");
    check_part(json, "[]", "no upload was left");
    check_code(filestore_backend_sweep_uploads(NULL, 1, NULL, &json, &err), invalid, &err,
               "sweep without backend");
    check_code(filestore_backend_kept_versions(backend, NULL, &json, &err), FILESTORE_OK, &err,
               "backend_kept_versions");
    check_part(json, "{\"versions\":0,\"bytes\":0,\"orphan_markers\":0}", "no versions are kept");
    check_code(filestore_backend_kept_versions(backend, NULL, NULL, &err), invalid, &err,
               "kept versions without output");
}

static void test_verify_of_backends(filestore_backend* local, filestore_backend* memory) {
    filestore_buffer* json = NULL;
    check_code(filestore_backend_verify(local, NULL, &json, &err), FILESTORE_OK, &err, "backend_verify");
    check_part(json, "\"corrupt\":0", "nothing is damaged");
    check_code(filestore_backend_verify(memory, NULL, &json, &err), FILESTORE_UNSUPPORTED, &err,
               "verify of a store that cannot");
    check_code(filestore_backend_verify(NULL, NULL, &json, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "verify without backend");
}

static void test_conditions_of_services(filestore_service* service) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char id[FILESTORE_ID_SIZE];
    filestore_upload_options* upload = NULL;
    filestore_call_options* call = NULL;
    filestore_backend* backend = NULL;
    filestore_buffer* json = NULL;
    filestore_buffer* version = NULL;
    int32_t answer = 7;
    filestore_upload_options_create(&upload, NULL);
    filestore_upload_options_set_create_only(upload, 1, NULL);
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, upload, id, &err), invalid, &err,
               "create_only of a service");
    check_code(filestore_upload_begin(service, 1, upload, id, &err), invalid, &err,
               "create_only of an upload piece by piece");
    filestore_upload_options_destroy(upload);
    store_text(service, TEXT, id);
    check_code(filestore_backend_of(NULL, &backend, &err), invalid, &err, "backend_of without service");
    check_code(filestore_backend_of(service, &backend, &err), FILESTORE_OK, &err, "backend_of");
    filestore_backend_metadata(backend, id, NULL, &json, &version, NULL);
    filestore_backend_close(backend);
    filestore_call_options_create(&call, NULL);
    filestore_call_options_set_if_version(call, "another", NULL);
    check_code(filestore_delete(service, id, call, &answer, &err), FILESTORE_PRECONDITION_FAILED, &err,
               "a deletion of another version by a service");
    filestore_exists(service, id, NULL, &answer, NULL);
    check(answer == 1, "the file stays");
    filestore_call_options_set_if_version(call, filestore_buffer_data(version), NULL);
    check_code(filestore_delete(service, id, call, &answer, &err), FILESTORE_OK, &err,
               "a deletion of its version by a service");
    check(answer == 1, "the file was there");
    filestore_call_options_destroy(call);
    filestore_buffer_destroy(json);
    filestore_buffer_destroy(version);
}

void test_backends(filestore_service* service) {
    struct MemoryStore store;
    filestore_backend* local = open_local_backend("backend");
    test_any_backend(local, "local");
    test_wrong_calls_of_backends(local);
    test_batches(local);
    test_whole_backends(local);
    make_memory_store(&store);
    filestore_backend* backend = open_memory_backend(&store);
    test_any_backend(backend, "memory");
    test_batches(backend);
    test_whole_backends(backend);
    test_verify_of_backends(local, backend);
    filestore_backend_close(local);
    test_url_of_memory(backend);
    test_memory_failures(backend, &store);
    test_service_on_memory(backend, &store);
    end_memory_store(&store);
    test_older_table();
    test_wrong_tables();
    test_wrong_answers();
    test_conditions_of_services(service);
}
