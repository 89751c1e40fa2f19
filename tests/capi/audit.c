/* What is recorded, and what an audit server has still to be told: one that nobody answers for. */

#include <pthread.h>

#include "support.h"

static filestore_service* open_with_project(const char* strict) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("audit"), NULL);
    filestore_options_set(options, "audit_url", "http://127.0.0.1:9", NULL);
    filestore_options_set(options, "audit_key", "sb_secret_of_the_test", NULL);
    filestore_options_set(options, "audit_strict", strict, NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store with a project");
    filestore_options_destroy(options);
    return service;
}

static int32_t note_drift(void* context, const char* id, const char* drift, const char* what,
                          int32_t repaired) {
    char* noted = context;
    check(strlen(id) + 1 == FILESTORE_ID_SIZE && strstr(what, "the file is not there") == what, "a finding");
    snprintf(noted, 32, "%s %d", drift, (int)repaired);
    return strcmp(drift, "missing") == 0 && repaired == 0 ? 7 : 0;
}

static void check_records(filestore_service* service, const char* id) {
    filestore_buffer* json = NULL;
    check_code(filestore_history(service, id, NULL, &json, &err), FILESTORE_OK, &err, "history");
    check_part(json, "\"deleted_at\":null}", "the history of a stored file");
    check_code(filestore_history(service, UNKNOWN_ID, NULL, &json, &err), FILESTORE_NOT_FOUND, &err,
               "history of no file");
    check_code(filestore_recorded_files(service, NULL, NULL, 10, NULL, &json, &err), FILESTORE_OK, &err,
               "recorded files");
    check_part(json, id, "a page of recorded files");
    check_code(filestore_recorded_files(service, "2000-01-01T00:00:00Z", "", 10, NULL, &json, &err),
               FILESTORE_OK, &err, "recorded files of long ago");
    check_part(json, "{\"files\":[],\"next\":null}", "no file is that old");
    check_code(filestore_recorded_files(service, "soon", NULL, 10, NULL, &json, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "recorded files before no time");
    check_code(filestore_recorded_files(service, NULL, "x", 10, NULL, &json, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "recorded files behind no cursor");
}

/* The store's file is taken away behind the library's back. */
static void check_reconciliation(filestore_service* service, const char* id) {
    char noted[32] = "";
    filestore_buffer* json = NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", path_in_directory("records"), id);
    check(remove(path) == 0, "a file is lost");
    check_code(filestore_reconcile(service, 0, NULL, NULL, NULL, &json, &err), FILESTORE_OK, &err,
               "reconcile without a listener");
    check_part(json, "\"missing\":1,\"untold\":0,\"repaired\":0", "a file is missing");
    check_code(filestore_reconcile(service, 0, note_drift, noted, NULL, &json, &err), FILESTORE_SINK_FAILED,
               &err, "reconcile that its listener ends");
    check_text(noted, "missing 0", "the finding of a dry run");
    check_code(filestore_reconcile(service, 1, note_drift, noted, NULL, &json, &err), FILESTORE_OK, &err,
               "reconcile with repair");
    check_text(noted, "missing 1", "the finding of a repair");
    check_part(json, "\"repaired\":1", "the file is recorded as deleted");
}

static void check_catalogued(filestore_service* service, const char* id) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    filestore_buffer* json = NULL;
    check_code(filestore_catalogued_files(service, NULL, 1, NULL, 10, NULL, &json, &err), FILESTORE_OK, &err,
               "catalogued_files");
    check(json != NULL && strstr(filestore_buffer_data(json), id) != NULL, "the page has the file");
    check_part(json, "],\"next\":null}", "it is the last page");
    check_code(filestore_catalogued_files(service, id, 0, NULL, 10, NULL, &json, &err), FILESTORE_OK, &err,
               "catalogued_files behind one");
    check_part(json, "{\"files\":[],\"next\":null}", "nothing is behind the last one");
    check_code(filestore_catalogued_files(service, NULL, 0, "author", 10, NULL, &json, &err), FILESTORE_OK,
               &err, "catalogued_files with a key");
    check_part(json, "{\"files\":[],", "no file has it");
    check_code(filestore_catalogued_files(service, NULL, 0, NULL, 0, NULL, &json, &err), invalid, &err,
               "catalogued_files of none");
    check_code(filestore_catalogued_files(service, UNKNOWN_ID, 0, NULL, 1, NULL, &json, &err),
               FILESTORE_NOT_FOUND, &err, "catalogued_files behind an unknown id");
    check_code(filestore_catalogued_files(NULL, NULL, 0, NULL, 1, NULL, &json, &err), invalid, &err,
               "catalogued_files without service");
    check_code(filestore_catalogued_files(service, NULL, 0, NULL, 1, NULL, NULL, &err), invalid, &err,
               "catalogued_files without output");
}

static void test_records(void) {
    char id[FILESTORE_ID_SIZE];
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("records"), NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store without a project");
    filestore_options_destroy(options);
    store_text(service, TEXT, id);
    check(filestore_has_audit_server(service) == 0 && filestore_has_audit_server(NULL) == 0,
          "no project is told");
    check_catalogued(service, id);
    check_records(service, id);
    check_reconciliation(service, id);
    filestore_close(service);
}

/* Of the store that open_with_project() opens. */
static void test_forgetting(void) {
    uint64_t count = 7;
    filestore_buffer* json = NULL;
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("audit"), NULL);
    filestore_options_set(options, "audit_url", "off", NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err,
               "open a store that had a project");
    filestore_options_destroy(options);
    check_code(filestore_forget_audit_server(service, NULL, &count, &err), FILESTORE_OK, &err,
               "forget the project");
    check(count == 1, "what waited is dropped");
    check_code(filestore_audit_status(service, NULL, &json, &err), FILESTORE_OK, &err,
               "status without a project");
    check_part(json, "{\"pending\":0,", "nothing waits any more");
    filestore_close(service);
}

struct Heard {
    pthread_mutex_t mutex;
    int32_t code;
    int calls;
};

static void hear_delivery(void* context, const filestore_error* error) {
    struct Heard* heard = context;
    pthread_mutex_lock(&heard->mutex);
    heard->code = filestore_error_code(error);
    ++heard->calls;
    pthread_mutex_unlock(&heard->mutex);
}

static void test_delivery(void) {
    struct Heard heard;
    char id[FILESTORE_ID_SIZE];
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_call_options* soon = NULL;
    pthread_mutex_init(&heard.mutex, NULL);
    heard.code = FILESTORE_OK;
    heard.calls = 0;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("heard"), NULL);
    filestore_options_set(options, "audit_url", "http://127.0.0.1:9", NULL);
    filestore_options_set(options, "audit_key", "key", NULL);
    check_code(filestore_options_set_delivery(options, hear_delivery, &heard, &err), FILESTORE_OK, &err,
               "set_delivery");
    check_code(filestore_options_set_delivery(NULL, hear_delivery, &heard, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "set_delivery of no options");
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open with one who hears");
    filestore_options_destroy(options);
    store_text(service, TEXT, id);
    filestore_call_options_create(&soon, NULL);
    filestore_call_options_set_timeout_ms(soon, 2000, NULL);
    check_code(filestore_flush(service, soon, &err), FILESTORE_TIMEOUT, &err, "flush to nobody who hears");
    filestore_call_options_destroy(soon);
    filestore_close(service);
    check(heard.calls == 1 && heard.code == FILESTORE_UNAVAILABLE, "what keeps the project is told once");
    pthread_mutex_destroy(&heard.mutex);
}

void test_audit(void) {
    test_delivery();
    test_records();

    char id[FILESTORE_ID_SIZE];
    uint64_t count = 7;
    filestore_buffer* json = NULL;
    filestore_call_options* soon = NULL;
    filestore_service* service = open_with_project("false");
    check(filestore_has_audit_server(service) == 1, "a project is told");
    filestore_call_options_create(&soon, NULL);
    filestore_call_options_set_timeout_ms(soon, 200, NULL);

    check_code(filestore_audit_status(service, NULL, &json, &err), FILESTORE_OK, &err, "the first status");
    check_part(json, "{\"pending\":0,\"parked\":0,\"delivered\":0}", "nothing waits in a new store");
    store_text(service, TEXT, id);
    check_code(filestore_flush(service, soon, &err), FILESTORE_TIMEOUT, &err, "flush to nobody");
    check_code(filestore_audit_status(service, NULL, &json, &err), FILESTORE_OK, &err, "audit status");
    check_part(json, "\"oldest\":\"", "what waits has an age");
    check_code(filestore_parked(service, NULL, 0, NULL, &json, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "a page of no parked files");
    check(json == NULL, "no page after a failure");
    check_code(filestore_parked(service, "", 10, NULL, &json, &err), FILESTORE_OK, &err, "parked files");
    check_part(json, "[]", "nothing is parked");
    check_code(filestore_retry_parked(service, id, NULL, &count, &err), FILESTORE_OK, &err, "retry");
    check(count == 0, "a file that is not parked is not tried again");
    filestore_close(service);

    service = open_with_project("true");
    check_code(filestore_delete(service, id, soon, NULL, &err), FILESTORE_NOT_DELIVERED, &err,
               "a deletion in strict mode");
    check_code(filestore_forget_audit_server(service, NULL, &count, &err), FILESTORE_CONFIGURATION, &err,
               "forget a project that is named");
    filestore_close(service);
    filestore_call_options_destroy(soon);
    test_forgetting();
}
