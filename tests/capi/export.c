/* Copies at AI providers, as far as no provider is needed: nobody listens where these files are sent. */

#include <semaphore.h>

#include "inbox.h"

#define NOBODY "http://127.0.0.1:9/v1"
#define NOTHING_SETTLED "{\"removed\":[],\"found\":[],\"dropped\":[],\"waiting\":[],\"forgotten\":0}"

struct Key {
    const char* text;
    /* As it is told to the library. */
    size_t length;
    int32_t fail_with;
};

static int32_t give_key(void* context, const char* profile, const char* base_url, const char* key_variable,
                        char* key, size_t capacity, size_t* length) {
    const struct Key* given = context;
    check_text(profile, "openai", "the profile of a key");
    check_text(base_url, NOBODY, "the base URL of a key");
    check_text(key_variable, "MY_KEY", "the variable of a key");
    check(capacity >= 4096, "room for a key");
    memcpy(key, given->text, strlen(given->text));
    *length = given->length;
    return given->fail_with;
}

struct Settled {
    sem_t told;
    char report[256];
    int32_t code;
    char message[256];
};

/* On the exporter's thread. */
static void note_settled(void* context, const char* report, int32_t code, const char* message) {
    struct Settled* settled = context;
    snprintf(settled->report, sizeof settled->report, "%s", report != NULL ? report : "");
    settled->code = code;
    snprintf(settled->message, sizeof settled->message, "%s", message);
    sem_post(&settled->told);
}

static void test_settled(struct Settled* settled) {
    while (sem_wait(&settled->told) != 0) {
    }
    check_text(settled->report, NOTHING_SETTLED, "what was settled");
    check(settled->code == FILESTORE_OK, "settling succeeds");
    check_text(settled->message, "", "no message");
}

static void test_exporter_options(filestore_exporter_options* options) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    check_code(filestore_exporter_options_set_ca_file(options, "/nowhere/ca.pem", &err), FILESTORE_OK, &err,
               "set certificates");
    check_code(filestore_exporter_options_set_ca_file(options, NULL, &err), FILESTORE_OK, &err,
               "take certificates away");
    check_code(filestore_exporter_options_set_plain_http(options, 1, &err), FILESTORE_OK, &err,
               "allow plain HTTP");
    check_code(filestore_exporter_options_set_parts(options, 1000, 500, &err), FILESTORE_OK, &err,
               "set the size of parts");
    check_code(filestore_exporter_options_set_settle_interval(options, 3600, &err), FILESTORE_OK, &err,
               "set how often to settle");
    check_code(filestore_exporter_options_set_retry(options, 1, UINT64_MAX, 2, &err), invalid, &err,
               "pauses that never end");
    check_code(filestore_exporter_options_set_retry(options, 1, 1, 2, &err), FILESTORE_OK, &err,
               "set the attempts");
}

static void test_exporter_setters_without_options(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    check_code(filestore_exporter_options_create(NULL, &err), invalid, &err, "no output");
    check_code(filestore_exporter_options_set_key(NULL, give_key, NULL, &err), invalid, &err, "no options");
    check_code(filestore_exporter_options_set_ca_file(NULL, "x", &err), invalid, &err, "no options");
    check_code(filestore_exporter_options_set_plain_http(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_exporter_options_set_parts(NULL, 1, 1, &err), invalid, &err, "no options");
    check_code(filestore_exporter_options_set_retry(NULL, 1, 1, 1, &err), invalid, &err, "no options");
    check_code(filestore_exporter_options_set_settle_interval(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_exporter_options_set_settled(NULL, NULL, NULL, &err), invalid, &err, "no options");
    filestore_exporter_options_destroy(NULL);
    check_code(filestore_send_options_create(NULL, &err), invalid, &err, "no output");
    check_code(filestore_send_options_set_base_url(NULL, "x", &err), invalid, &err, "no options");
    check_code(filestore_send_options_set_key_variable(NULL, "x", &err), invalid, &err, "no options");
    check_code(filestore_send_options_set_purpose(NULL, "x", &err), invalid, &err, "no options");
    check_code(filestore_send_options_set_expires_in(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_send_options_set_again(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_send_options_set_timeout_ms(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_send_options_set_cancel(NULL, NULL, &err), invalid, &err, "no options");
    check_code(filestore_send_options_set_progress(NULL, NULL, NULL, &err), invalid, &err, "no options");
    filestore_send_options_destroy(NULL);
}

static void test_no_exporter(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    filestore_exporter* exporter = NULL;
    filestore_buffer* buffer = NULL;
    check_code(filestore_exporter_open(NULL, NULL, &exporter, &err), invalid, &err, "no service");
    check_code(filestore_exporter_start(NULL, &err), invalid, &err, "no exporter");
    check_code(filestore_send(NULL, UNKNOWN_ID, "openai", NULL, &buffer, &err), invalid, &err, "no exporter");
    check_code(filestore_copies(NULL, UNKNOWN_ID, 0, 1, NULL, &buffer, &err), invalid, &err, "no exporter");
    check_code(filestore_unsend(NULL, UNKNOWN_ID, NULL, NULL, NULL, &buffer, &err), invalid, &err,
               "no exporter");
    check_code(filestore_settle(NULL, NULL, &buffer, &err), invalid, &err, "no exporter");
    filestore_exporter_close(NULL);
}

static void test_bad_exporters(filestore_service* service) {
    filestore_exporter* exporter = NULL;
    filestore_exporter_options* options = NULL;
    filestore_options* off = NULL;
    filestore_service* unrecorded = NULL;
    check_code(filestore_exporter_open(service, NULL, NULL, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "an exporter without output");
    filestore_exporter_options_create(&options, NULL);
    filestore_exporter_options_set_parts(options, 1, 0, NULL);
    check_code(filestore_exporter_open(service, options, &exporter, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "an exporter with empty parts");
    check(exporter == NULL, "no exporter after a failure");
    filestore_exporter_options_destroy(options);
    filestore_options_create(&off, NULL);
    filestore_options_set(off, "base_path", path_in_directory("unrecorded"), NULL);
    filestore_options_set(off, "catalogue_path", "off", NULL);
    check_code(filestore_open(off, &unrecorded, &err), FILESTORE_OK, &err, "open a store without catalogue");
    check_code(filestore_exporter_open(unrecorded, NULL, &exporter, &err), FILESTORE_CONFIGURATION, &err,
               "an exporter without catalogue");
    filestore_options_destroy(off);
    filestore_close(unrecorded);
}

static void check_json(filestore_buffer* buffer, const char* expected, const char* what) {
    check_text(buffer != NULL ? filestore_buffer_data(buffer) : "", expected, what);
    filestore_buffer_destroy(buffer);
}

static void test_bad_requests(filestore_exporter* exporter, const char* id) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    filestore_buffer* buffer = NULL;
    check_code(filestore_send(exporter, id, "openai", NULL, NULL, &err), invalid, &err, "no output");
    check_code(filestore_send(exporter, "x", "openai", NULL, &buffer, &err), invalid, &err, "no ID");
    check_code(filestore_send(exporter, id, NULL, NULL, &buffer, &err), invalid, &err, "no profile");
    check_code(filestore_send(exporter, id, "nobody", NULL, &buffer, &err), invalid, &err, "a wrong profile");
    check_code(filestore_copies(exporter, NULL, 0, 0, NULL, &buffer, &err), invalid, &err, "no limit");
    check_code(filestore_copies(exporter, NULL, 0, 1, NULL, NULL, &err), invalid, &err, "no output");
    check_code(filestore_unsend(exporter, NULL, NULL, NULL, NULL, &buffer, &err), invalid, &err, "no ID");
    check_code(filestore_unsend(exporter, id, "\xff", NULL, NULL, &buffer, &err), invalid, &err,
               "a profile that is no text");
    check_code(filestore_unsend(exporter, id, NULL, NULL, NULL, NULL, &err), invalid, &err, "no output");
    check_code(filestore_unsend(exporter, id, NULL, NOBODY, NULL, &buffer, &err), invalid, &err,
               "a base URL of no profile");
    check_code(filestore_settle(exporter, NULL, NULL, &err), invalid, &err, "no output");
    check(buffer == NULL, "nothing after a failure");
}

static filestore_send_options* options_to_nobody(void) {
    filestore_send_options* options = NULL;
    check_code(filestore_send_options_create(&options, &err), FILESTORE_OK, &err, "make options to send");
    check_code(filestore_send_options_set_base_url(options, "\xff", &err), FILESTORE_INVALID_ARGUMENT, &err,
               "a URL that is no text");
    check_code(filestore_send_options_set_base_url(options, NOBODY, &err), FILESTORE_OK, &err, "set a URL");
    check_code(filestore_send_options_set_key_variable(options, "MY_KEY", &err), FILESTORE_OK, &err,
               "set the variable of the key");
    check_code(filestore_send_options_set_purpose(options, "batch", &err), FILESTORE_OK, &err,
               "set the purpose");
    check_code(filestore_send_options_set_purpose(options, NULL, &err), FILESTORE_OK, &err,
               "take the purpose away");
    check_code(filestore_send_options_set_expires_in(options, UINT64_MAX, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "keep it for ever");
    check_code(filestore_send_options_set_expires_in(options, 3600, &err), FILESTORE_OK, &err,
               "keep it for an hour");
    check_code(filestore_send_options_set_again(options, 0, &err), FILESTORE_OK, &err, "send it once");
    check_code(filestore_send_options_set_timeout_ms(options, 60000, &err), FILESTORE_OK, &err,
               "set a time limit");
    check_code(filestore_send_options_set_progress(options, NULL, NULL, &err), FILESTORE_OK, &err,
               "no progress");
    return options;
}

static void test_sends_to_nobody(filestore_exporter* exporter, const char* id, struct Key* key) {
    filestore_buffer* buffer = NULL;
    filestore_cancel* cancel = NULL;
    filestore_send_options* options = options_to_nobody();
    check_code(filestore_send(exporter, id, "openai", options, &buffer, &err), FILESTORE_UNAVAILABLE, &err,
               "send to nobody");
    check(buffer == NULL, "no copy after a failure");
    key->fail_with = 7;
    check(filestore_send(exporter, id, "openai", options, &buffer, &err) == FILESTORE_UNAUTHENTICATED,
          "a key that the caller has not");
    check(filestore_error_caller_code(err) == 7, "the caller's own number");
    filestore_error_destroy(err);
    err = NULL;
    key->fail_with = 0;
    key->length = 0;
    check_code(filestore_send(exporter, id, "openai", options, &buffer, &err), FILESTORE_UNAUTHENTICATED,
               &err, "an empty key");
    key->length = SIZE_MAX;
    check_code(filestore_send(exporter, id, "openai", options, &buffer, &err), FILESTORE_UNAUTHENTICATED,
               &err, "a key that is too long");
    filestore_cancel_create(&cancel, NULL);
    check_code(filestore_send_options_set_cancel(options, cancel, &err), FILESTORE_OK, &err, "set a token");
    filestore_cancel_request(cancel);
    check_code(filestore_send(exporter, id, "openai", options, &buffer, &err), FILESTORE_CANCELLED, &err,
               "a send that is cancelled");
    filestore_cancel_destroy(cancel);
    filestore_send_options_destroy(options);
}

static void test_forgetting(filestore_exporter* exporter) {
    filestore_buffer* buffer = NULL;
    filestore_call_options* options = NULL;
    check_code(filestore_call_options_create(&options, &err), FILESTORE_OK, &err, "make call options");
    check_code(filestore_call_options_set_forget_damaged(options, 1, &err), FILESTORE_OK, &err,
               "forget what is damaged");
    check_code(filestore_unsend(exporter, NULL, NULL, NULL, options, &buffer, &err), FILESTORE_OK, &err,
               "forget what is damaged of all files");
    check_json(buffer, NOTHING_SETTLED, "nothing is damaged");
    filestore_call_options_destroy(options);
}

static void test_export_async(filestore_exporter* exporter, const char* id) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    struct Inbox inbox;
    filestore_send_options* options = options_to_nobody();
    open_inbox(&inbox);
    check_answer(&inbox, filestore_send_async(exporter, id, "openai", options, take_answer, &inbox, &err),
                 FILESTORE_UNAVAILABLE, "send_async to nobody");
    filestore_send_options_destroy(options);
    check_document(&inbox, filestore_copies_async(exporter, id, 0, 0, NULL, take_answer, &inbox, &err), "[]",
                   "copies_async");
    check_document(&inbox,
                   filestore_unsend_async(exporter, id, "openai", NOBODY, NULL, take_answer, &inbox, &err),
                   NOTHING_SETTLED, "unsend_async");
    check_document(&inbox, filestore_settle_async(exporter, NULL, take_answer, &inbox, &err), NOTHING_SETTLED,
                   "settle_async");
    check_code(filestore_send_async(exporter, id, NULL, NULL, take_answer, &inbox, &err), invalid, &err,
               "no profile");
    check_code(filestore_copies_async(exporter, "x", 0, 1, NULL, take_answer, &inbox, &err), invalid, &err,
               "a malformed id");
    check_code(filestore_unsend_async(exporter, id, NULL, NULL, NULL, NULL, &inbox, &err), invalid, &err,
               "no done");
    check_code(filestore_settle_async(NULL, NULL, take_answer, &inbox, &err), invalid, &err, "no exporter");
    check(inbox.calls == 0, "what was not started has no answer");
    close_inbox(&inbox);
}

void test_export(void) {
    char id[FILESTORE_ID_SIZE];
    struct Key key = {"secret", 6, 0};
    filestore_buffer* buffer = NULL;
    struct Settled settled;
    filestore_exporter* exporter = NULL;
    filestore_exporter_options* options = NULL;
    filestore_service* service = open_store("export");
    sem_init(&settled.told, 0, 0);
    test_exporter_setters_without_options();
    test_no_exporter();
    test_bad_exporters(service);
    store_text(service, TEXT, id);
    check_code(filestore_exporter_options_create(&options, &err), FILESTORE_OK, &err, "make options");
    test_exporter_options(options);
    check_code(filestore_exporter_options_set_key(options, give_key, &key, &err), FILESTORE_OK, &err,
               "set who gives the key");
    check_code(filestore_exporter_options_set_settled(options, note_settled, &settled, &err), FILESTORE_OK,
               &err, "set who hears what was settled");
    check_code(filestore_exporter_open(service, options, &exporter, &err), FILESTORE_OK, &err,
               "open an exporter");
    filestore_exporter_options_destroy(options);
    check_code(filestore_exporter_start(exporter, &err), FILESTORE_OK, &err, "start an exporter");
    test_settled(&settled);
    test_bad_requests(exporter, id);
    test_sends_to_nobody(exporter, id, &key);
    check_code(filestore_copies(exporter, id, 0, 0, NULL, &buffer, &err), FILESTORE_OK, &err,
               "ask for the copies of a file");
    check_json(buffer, "[]", "no copies");
    check_code(filestore_unsend(exporter, id, "openai", NOBODY, NULL, &buffer, &err), FILESTORE_OK, &err,
               "take back what was not sent");
    check_json(buffer, NOTHING_SETTLED, "nothing to remove");
    test_forgetting(exporter);
    check_code(filestore_settle(exporter, NULL, &buffer, &err), FILESTORE_OK, &err, "settle");
    check_json(buffer, NOTHING_SETTLED, "nothing to settle");
    key.length = 6;
    test_export_async(exporter, id);
    filestore_exporter_close(exporter);
    filestore_close(service);
    sem_destroy(&settled.told);
}
