/* URLs by which anybody can use a file for a while. */

#define _POSIX_C_SOURCE 200809L

#include <time.h>

#include "support.h"

#define KEY "a secret of 32 bytes, or of more."

static int64_t now_in_microseconds(void) {
    return (int64_t)time(NULL) * 1000000;
}

static filestore_service* open_signing_store(void) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("signed"), NULL);
    filestore_options_set(options, "url_base", "https://files.example/files", NULL);
    filestore_options_set(options, "url_key", KEY, NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open of a store with URLs");
    filestore_options_destroy(options);
    return service;
}

static void check_url(const char* url, const char* id) {
    char checked[FILESTORE_ID_SIZE] = "unchanged";
    check_code(filestore_check_signed_url(url, "get", KEY, now_in_microseconds(), checked, &err),
               FILESTORE_OK, &err, "check_signed_url");
    check_text(checked, id, "the file of a URL");
    check_code(filestore_check_signed_url(url, "put", KEY, now_in_microseconds(), checked, &err),
               FILESTORE_PERMISSION_DENIED, &err, "a URL for another method");
    check_text(checked, "", "no file of a URL that is refused");
    check_code(filestore_check_signed_url(url, "get", KEY, now_in_microseconds() + 3600000000, checked, &err),
               FILESTORE_PERMISSION_DENIED, &err, "a URL whose time is over");
    check_code(filestore_check_signed_url(url, "get", "another" KEY, now_in_microseconds(), checked, &err),
               FILESTORE_PERMISSION_DENIED, &err, "a URL with another key");
    check_code(filestore_check_signed_url("x", "get", KEY, 0, checked, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "what is no URL");
    check_code(filestore_check_signed_url(url, "fetch", KEY, 0, checked, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "what is no method");
}

static void test_presign_options(filestore_presign_options* options) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    check_code(filestore_presign_options_set_method(options, "fetch", &err), invalid, &err,
               "an unknown method");
    check_code(filestore_presign_options_set_method(options, "get", &err), FILESTORE_OK, &err, "set_method");
    check_code(filestore_presign_options_set_expires_in(options, UINT64_MAX, &err), invalid, &err,
               "a URL for ever");
    check_code(filestore_presign_options_set_expires_in(options, 600, &err), FILESTORE_OK, &err,
               "set_expires_in");
    check_code(filestore_presign_options_set_exact_expiry(options, 1, &err), FILESTORE_OK, &err,
               "set_exact_expiry");
    check_code(filestore_presign_options_set_disposition(options, "\xFF", &err), invalid, &err,
               "a disposition that is not UTF-8");
    check_code(filestore_presign_options_set_disposition(options, "attachment", &err), FILESTORE_OK, &err,
               "set_disposition");
    check_code(filestore_presign_options_set_content_type(options, "text/plain", &err), FILESTORE_OK, &err,
               "set_content_type of a URL");
    check_code(filestore_presign_options_set_timeout_ms(options, 60000, &err), FILESTORE_OK, &err,
               "set_timeout_ms of a URL");
    check_code(filestore_presign_options_set_cancel(options, NULL, &err), FILESTORE_OK, &err,
               "set_cancel of a URL");
}

static void test_presign_setters_without_options(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    check_code(filestore_presign_options_create(NULL, &err), invalid, &err, "no output");
    check_code(filestore_presign_options_set_method(NULL, "get", &err), invalid, &err, "no options");
    check_code(filestore_presign_options_set_expires_in(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_presign_options_set_exact_expiry(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_presign_options_set_disposition(NULL, "x", &err), invalid, &err, "no options");
    check_code(filestore_presign_options_set_content_type(NULL, "x", &err), invalid, &err, "no options");
    check_code(filestore_presign_options_set_timeout_ms(NULL, 1, &err), invalid, &err, "no options");
    check_code(filestore_presign_options_set_cancel(NULL, NULL, &err), invalid, &err, "no options");
    filestore_presign_options_destroy(NULL);
}

void test_presign(void) {
    filestore_service* service = open_signing_store();
    filestore_service* other = open_store("unsigned");
    filestore_presign_options* options = NULL;
    filestore_buffer* url = NULL;
    int64_t expires_at = 7;
    char id[FILESTORE_ID_SIZE];
    store_text(service, TEXT, id);
    check_code(filestore_presign_options_create(&options, &err), FILESTORE_OK, &err,
               "presign_options_create");
    test_presign_options(options);
    test_presign_setters_without_options();
    check_code(filestore_presign(service, id, options, &url, &expires_at, &err), FILESTORE_OK, &err,
               "presign");
    check(expires_at > now_in_microseconds() + INT64_C(500000000) &&
              expires_at <= now_in_microseconds() + INT64_C(601000000),
          "when a URL ends");
    check_url(filestore_buffer_data(url), id);
    filestore_buffer_destroy(url);
    check_code(filestore_presign(service, id, NULL, &url, NULL, &err), FILESTORE_OK, &err,
               "presign without options");
    filestore_buffer_destroy(url);
    check_code(filestore_presign(service, "x", NULL, &url, &expires_at, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "presign of a malformed id");
    check(url == NULL && expires_at == 0, "no URL of a failure");
    check_code(filestore_presign(NULL, id, NULL, &url, NULL, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "presign without service");
    check_code(filestore_presign(other, id, NULL, &url, NULL, &err), FILESTORE_UNSUPPORTED, &err,
               "presign of a store without URLs");
    filestore_presign_options_destroy(options);
    filestore_close(other);
    filestore_close(service);
}
