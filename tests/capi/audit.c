/* What an audit server has still to be told: one that nobody answers for. */

#include "support.h"

static void check_part(filestore_buffer* json, const char* part, const char* what) {
    check(json != NULL && strstr(filestore_buffer_data(json), part) != NULL, what);
    filestore_buffer_destroy(json);
}

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

void test_audit(void) {
    char id[FILESTORE_ID_SIZE];
    uint64_t count = 7;
    filestore_buffer* json = NULL;
    filestore_call_options* soon = NULL;
    filestore_service* service = open_with_project("false");
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
    filestore_close(service);
    filestore_call_options_destroy(soon);
}
