/* Codes, options, configuration files and opening a store. */

#include "support.h"

void test_codes(void) {
    check_text(filestore_code_name(FILESTORE_OK), "ok", "code name of FILESTORE_OK");
    check_text(filestore_code_name(FILESTORE_NOT_FOUND), "not_found", "code name of FILESTORE_NOT_FOUND");
    check_text(filestore_code_name(FILESTORE_INTERNAL), "internal", "code name of FILESTORE_INTERNAL");
    check_text(filestore_code_name(-1), "unknown", "code name of a number that is no code");
    check_text(filestore_code_name(FILESTORE_NOT_DELIVERED + 1), "unknown", "code name past the last code");
}

void test_options(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    filestore_options* options = NULL;
    check_code(filestore_options_create(&options, &err), FILESTORE_OK, &err, "options_create");
    check_code(filestore_options_set(options, "region", "eu-central-1", &err), FILESTORE_OK, &err,
               "options_set");
    filestore_options_set(options, "base_pth", "x", &err);
    check(strstr(filestore_error_message(err), "base_path") != NULL,
          "an unknown option names the nearest one");
    check_code(filestore_error_code(err), invalid, &err, "an unknown option");
    check_code(filestore_options_set(options, NULL, "x", &err), invalid, &err, "options_set without name");
    check_code(filestore_options_set(options, "region", NULL, &err), invalid, &err,
               "options_set without value");
    check_code(filestore_options_set(NULL, "region", "x", &err), invalid, &err,
               "options_set without options");
    check_code(filestore_options_set(options, "backend", "tape", &err), invalid, &err, "an unknown backend");
    filestore_options_destroy(options);
}

/* 2001-02-03T04:05:06Z */
static int64_t long_ago(void* context) {
    ++*(int*)context;
    return INT64_C(981173106000000);
}

void test_clock(void) {
    int calls = 0;
    char id[FILESTORE_ID_SIZE];
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_buffer* json = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("clock"), NULL);
    check_code(filestore_options_set_clock(options, long_ago, &calls, &err), FILESTORE_OK, &err, "set_clock");
    check_code(filestore_options_set_clock(NULL, long_ago, &calls, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "set_clock of no options");
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open with a clock");
    store_text(service, TEXT, id);
    filestore_history(service, id, NULL, &json, NULL);
    check(calls > 0 && strstr(filestore_buffer_data(json), "2001-02-03T04:05:06") != NULL,
          "what is recorded is of the program's time");
    filestore_buffer_destroy(json);
    filestore_close(service);
    check_code(filestore_options_set_clock(options, NULL, NULL, &err), FILESTORE_OK, &err,
               "take the clock away");
    filestore_options_destroy(options);
}

/* A program that was made for a later version can tell that this one lacks an option, and goes on without it. */
void test_options_of_later_versions(void) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, &err);
    filestore_options_set(options, "base_path", path_in_directory("later"), &err);
    check(filestore_options_set(options, "holographic_parity", "twice", &err) == FILESTORE_INVALID_ARGUMENT &&
              strstr(filestore_error_message(err), "unknown option 'holographic_parity'") != NULL &&
              strstr(filestore_error_message(err), "base_path") != NULL,
          "an option of a later version is named, with those that are known");
    check_code(filestore_error_code(err), FILESTORE_INVALID_ARGUMENT, &err, "an option of a later version");
    check_code(filestore_options_set(options, "checksum", "holographic", &err), FILESTORE_INVALID_ARGUMENT,
               &err, "a value of a later version");
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err,
               "open with what was set beside such an option");
    filestore_options_destroy(options);
    filestore_close(service);
}

/* What was told last, and how often. */
struct Warned {
    char path[32];
    char declared_type[32];
    char found_type[32];
    char message[256];
    int calls;
};

static void take_warning(void* context, const char* path, const char* declared_type, const char* found_type,
                         const char* message) {
    struct Warned* warned = context;
    snprintf(warned->path, sizeof warned->path, "%s", path);
    snprintf(warned->declared_type, sizeof warned->declared_type, "%s", declared_type);
    snprintf(warned->found_type, sizeof warned->found_type, "%s", found_type);
    snprintf(warned->message, sizeof warned->message, "%s", message);
    ++warned->calls;
}

static void store_as_picture(const filestore_options* options, const char* path) {
    filestore_service* service = NULL;
    filestore_upload_options* upload = NULL;
    char id[FILESTORE_ID_SIZE];
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open of a store that warns");
    filestore_upload_options_create(&upload, NULL);
    filestore_upload_options_set_path(upload, path, NULL);
    filestore_upload_options_set_content_type(upload, "image/png", NULL);
    check_code(filestore_upload_buffer(service, "\x89PNG\r\n\x1a\n", 8, upload, id, &err), FILESTORE_OK, &err,
               "upload of a picture");
    filestore_upload_options_destroy(upload);
    filestore_close(service);
}

void test_warnings(void) {
    struct Warned warned = {"", "", "", "", 0};
    filestore_options* options = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("warned"), NULL);
    check_code(filestore_options_set_warning(options, take_warning, &warned, &err), FILESTORE_OK, &err,
               "set_warning");
    store_as_picture(options, "a.png");
    check(warned.calls == 0, "no warning where all agrees");
    store_as_picture(options, "a.pdf");
    check(warned.calls == 1, "one warning where the name does not agree");
    check_text(warned.path, "a.pdf", "the name of a warning");
    check_text(warned.declared_type, "image/png", "the declared type of a warning");
    check(strcmp(warned.found_type, "image/png") == 0 || strcmp(warned.found_type, "") == 0 ||
              strcmp(warned.found_type, "application/octet-stream") == 0,
          "the found type of a warning");
    check(strstr(warned.message, "its name ends with 'pdf'") != NULL, "the message of a warning");
    filestore_options_set(options, "type_policy", "off", NULL);
    store_as_picture(options, "a.pdf");
    check(warned.calls == 1, "no warning where nothing is compared");
    filestore_options_set(options, "type_policy", "warn", NULL);
    check_code(filestore_options_set_warning(options, NULL, NULL, &err), FILESTORE_OK, &err,
               "set_warning to nobody");
    store_as_picture(options, "a.pdf");
    check(warned.calls == 1, "no warning to nobody");
    check_code(filestore_options_set_warning(NULL, take_warning, NULL, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "set_warning of no options");
    filestore_options_destroy(options);
}

void test_config(void) {
    char yaml[PATH_CAPACITY + 256];
    filestore_service* service = NULL;
    char id[FILESTORE_ID_SIZE];
    snprintf(yaml, sizeof yaml, "storage:\n  backend: local\n  local:\n    base_path: %s/configured\n",
             directory);
    write_file("storage.yaml", yaml);
    check_code(filestore_open_config(path_in_directory("storage.yaml"), &service, &err), FILESTORE_OK, &err,
               "open_config");
    check(strstr(filestore_catalogue_path(service), "/configured/") != NULL, "the catalogue is in the store");
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, NULL, id, &err), FILESTORE_OK, &err,
               "upload to a configured store");
    filestore_close(service);
    write_file("storage.yaml", "storage:\n  backnd: local\n");
    check_code(filestore_open_config(path_in_directory("storage.yaml"), &service, &err),
               FILESTORE_CONFIGURATION, &err, "open_config with a typo");
    check(service == NULL, "no service of a wrong configuration");
    check_code(filestore_open_config(path_in_directory("nothing.yaml"), &service, &err),
               FILESTORE_CONFIGURATION, &err, "open_config of a missing file");
}

void test_bad_places(void) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    write_file("plain", "not a directory");
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("plain"), NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "open where a file stands");
    filestore_options_destroy(options);
}
