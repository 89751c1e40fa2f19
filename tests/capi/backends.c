/* Backends, and conditions. */

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
    filestore_backend* backend = open_local_backend("backend");
    test_any_backend(backend, "local");
    test_wrong_calls_of_backends(backend);
    filestore_backend_close(backend);
    test_conditions_of_services(service);
}
