/* Metadata, delete, list and the errors of files. */

#include "support.h"

void test_metadata(filestore_service* service) {
    static const char* const parts[] = {"\"file_id\":\"",
                                        "\"original_path\":\"notes/\xC3\xBC.txt\"",
                                        "\"size\":12",
                                        "\"last_modified\":\"2",
                                        "\"content_type\":\"text/plain\"",
                                        "\"metadata\":{\"author\":\"Ada \\\"L\\\"\",\"tags\":[1,2.50,null]}"};
    char id[FILESTORE_ID_SIZE];
    filestore_upload_options* options = NULL;
    filestore_buffer* json = NULL;
    check_code(filestore_upload_options_create(&options, &err), FILESTORE_OK, &err, "upload_options_create");
    check_code(filestore_upload_options_set_path(options, "notes/\xC3\xBC.txt", &err), FILESTORE_OK, &err,
               "set_path");
    check_code(filestore_upload_options_set_content_type(options, "text/plain", &err), FILESTORE_OK, &err,
               "set_content_type");
    check_code(filestore_upload_options_set_metadata_json(options, "{\"tags\": [1, 2.50, null]}", &err),
               FILESTORE_OK, &err, "set_metadata_json");
    check_code(filestore_upload_options_set_metadata(options, "author", "Ada \"L\"", &err), FILESTORE_OK,
               &err, "set_metadata");
    filestore_upload_options_set_metadata(options, "draft", "yes", NULL);
    check_code(filestore_upload_options_set_metadata(options, "draft", NULL, &err), FILESTORE_OK, &err,
               "set_metadata takes a key away");
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, options, id, &err), FILESTORE_OK, &err,
               "upload with metadata");
    filestore_upload_options_destroy(options);
    check_code(filestore_metadata(service, id, NULL, &json, &err), FILESTORE_OK, &err, "metadata");
    check(strstr(filestore_buffer_data(json), id) != NULL, "the metadata has the id");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i) {
        check(strstr(filestore_buffer_data(json), parts[i]) != NULL, parts[i]);
    }
    filestore_buffer_destroy(json);
    check_code(filestore_metadata(service, UNKNOWN_ID, NULL, &json, &err), FILESTORE_NOT_FOUND, &err,
               "metadata of an unknown id");
    check(json == NULL, "no metadata after a failure");
}

void test_bad_upload_options(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    filestore_upload_options* options = NULL;
    filestore_upload_options_create(&options, NULL);
    check_code(filestore_upload_options_set_path(options, "\xFF", &err), invalid, &err,
               "a path that is not UTF-8");
    check_code(filestore_upload_options_set_content_type(options, "text/plain\r\nx: y", &err), invalid, &err,
               "a content type with a line break");
    check_code(filestore_upload_options_set_content_type(options, "", &err), invalid, &err,
               "an empty content type");
    check_code(filestore_upload_options_set_metadata_json(options, "[1]", &err), invalid, &err,
               "metadata that is no object");
    check_code(filestore_upload_options_set_metadata_json(options, "{\"a\":", &err), invalid, &err,
               "metadata that is cut off");
    check_code(filestore_upload_options_set_metadata_json(options, "{\"size\":1}", &err), invalid, &err,
               "metadata with a key of the library");
    check_code(filestore_upload_options_set_metadata(options, "file_id", "x", &err), invalid, &err,
               "a key of the library");
    check_code(filestore_upload_options_set_metadata(options, NULL, "x", &err), invalid, &err,
               "a key that is NULL");
    check_code(filestore_upload_options_set_metadata(options, "x", "\xC3", &err), invalid, &err,
               "a value that is not UTF-8");
    check_code(filestore_upload_options_set_path(options, NULL, &err), FILESTORE_OK, &err, "no path");
    check_code(filestore_upload_options_set_content_type(options, NULL, &err), FILESTORE_OK, &err,
               "the default content type");
    check_code(filestore_upload_options_set_metadata_json(options, NULL, &err), FILESTORE_OK, &err,
               "no metadata");
    filestore_upload_options_destroy(options);
}

void test_delete(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    int32_t answer = 0;
    filestore_buffer* buffer = NULL;
    store_text(service, TEXT, id);
    check_code(filestore_exists(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "exists");
    check(answer == 1, "a stored file is there");
    check_code(filestore_delete(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "delete");
    check(answer == 1, "delete tells that the file was there");
    check_code(filestore_exists(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "exists after delete");
    check(answer == 0, "a deleted file is not there");
    answer = 7;
    check_code(filestore_delete(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "delete again");
    check(answer == 0, "delete tells that nothing was there");
    check_code(filestore_delete(service, id, NULL, NULL, &err), FILESTORE_OK, &err, "delete without answer");
    check_code(filestore_download_buffer(service, id, NULL, &buffer, &err), FILESTORE_NOT_FOUND, &err,
               "download after delete");
    check(buffer == NULL, "no buffer of a deleted file");
}

void test_list(void) {
    filestore_service* service = open_store("listed");
    filestore_list_page* page = NULL;
    char ids[3][FILESTORE_ID_SIZE];
    char cursor[256] = "";
    int seen[3] = {0, 0, 0};
    int pages = 0;
    check_code(filestore_list(service, NULL, 0, NULL, &page, &err), FILESTORE_OK, &err,
               "list of an empty store");
    check(filestore_list_page_count(page) == 0 && filestore_list_page_next(page) == NULL, "an empty page");
    filestore_list_page_destroy(page);
    for (size_t i = 0; i < 3; ++i) {
        store_text(service, TEXT, ids[i]);
    }
    for (int more = 1; more && pages < 10; ++pages) {
        if (!check_code(filestore_list(service, cursor, 2, NULL, &page, &err), FILESTORE_OK, &err,
                        "list a page")) {
            break;
        }
        check(filestore_list_page_count(page) <= 2, "a page is not larger than its limit");
        for (size_t i = 0; i < filestore_list_page_count(page); ++i) {
            for (size_t k = 0; k < 3; ++k) {
                seen[k] += strcmp(filestore_list_page_id(page, i), ids[k]) == 0;
            }
            check(filestore_list_page_size(page, i) == TEXT_SIZE, "a listed file has its size");
            check(strchr(filestore_list_page_last_modified(page, i), 'Z') != NULL,
                  "a listed file has its time");
        }
        check_text(filestore_list_page_id(page, 2), "", "no id past the page");
        check(filestore_list_page_size(page, 2) == 0, "no size past the page");
        check_text(filestore_list_page_last_modified(page, 2), "", "no time past the page");
        more = filestore_list_page_next(page) != NULL;
        snprintf(cursor, sizeof cursor, "%s", more ? filestore_list_page_next(page) : "");
        filestore_list_page_destroy(page);
    }
    check(seen[0] == 1 && seen[1] == 1 && seen[2] == 1 && pages >= 2, "every file is listed once");
    check_code(filestore_list(service, NULL, 1001, NULL, &page, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "list of too many");
    check(page == NULL, "no page after a failure");
    filestore_close(service);
}

void test_errors(filestore_service* service) {
    filestore_buffer* buffer = NULL;
    check(filestore_download_buffer(service, UNKNOWN_ID, NULL, &buffer, &err) == FILESTORE_NOT_FOUND,
          "an unknown id is not found");
    check(strstr(filestore_error_message(err), UNKNOWN_ID) != NULL, "the message names the file");
    check(filestore_error_retryable(err) == 0, "a missing file is no matter of time");
    check(filestore_error_http_status(err) == 0, "a local store has no HTTP status");
    check_text(filestore_error_server_code(err), "", "a local store has no server code");
    check_text(filestore_error_request_id(err), "", "a local store has no request id");
    check(filestore_error_caller_code(err) == 0, "no callback failed");
    filestore_error_destroy(err);
    err = NULL;
}
