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
