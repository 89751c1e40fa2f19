/* What the functions do with NULL, and with IDs that are none. */

#include "support.h"

void test_null_handles(void) {
    check(filestore_error_code(NULL) == FILESTORE_OK, "code of no error");
    check_text(filestore_error_message(NULL), "", "message of no error");
    check(filestore_error_retryable(NULL) == 0, "retryable of no error");
    check(filestore_error_http_status(NULL) == 0, "HTTP status of no error");
    check_text(filestore_error_server_code(NULL), "", "server code of no error");
    check_text(filestore_error_request_id(NULL), "", "request id of no error");
    check(filestore_error_caller_code(NULL) == 0, "caller code of no error");
    check_text(filestore_buffer_data(NULL), "", "data of no buffer");
    check(filestore_buffer_size(NULL) == 0, "size of no buffer");
    check_text(filestore_catalogue_path(NULL), "", "catalogue of no service");
    check(filestore_list_page_count(NULL) == 0, "count of no page");
    check_text(filestore_list_page_id(NULL, 0), "", "id of no page");
    check(filestore_list_page_size(NULL, 0) == 0, "size of no page");
    check_text(filestore_list_page_last_modified(NULL, 0), "", "last modified of no page");
    check(filestore_list_page_next(NULL) == NULL, "next of no page");
    filestore_error_destroy(NULL);
    filestore_options_destroy(NULL);
    filestore_close(NULL);
    filestore_cancel_request(NULL);
    filestore_cancel_destroy(NULL);
    filestore_call_options_destroy(NULL);
    filestore_upload_options_destroy(NULL);
    filestore_download_options_destroy(NULL);
    filestore_buffer_destroy(NULL);
    filestore_list_page_destroy(NULL);
    filestore_verify_options_destroy(NULL);
    check(1, "destroying nothing does nothing");
}

void test_null_outputs(filestore_service* service) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char* no_id = NULL;
    uint64_t number = 0;
    check_code(filestore_options_create(NULL, &err), invalid, &err, "options_create without output");
    check_code(filestore_cancel_create(NULL, &err), invalid, &err, "cancel_create without output");
    check_code(filestore_call_options_create(NULL, &err), invalid, &err,
               "call_options_create without output");
    check_code(filestore_upload_options_create(NULL, &err), invalid, &err,
               "upload_options_create without output");
    check_code(filestore_download_options_create(NULL, &err), invalid, &err,
               "download_options_create without output");
    check_code(filestore_open(NULL, NULL, &err), invalid, &err, "open without output");
    check_code(filestore_open_config("storage.yaml", NULL, &err), invalid, &err,
               "open_config without output");
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, NULL, no_id, &err), invalid, &err,
               "upload_buffer without output");
    check_code(filestore_upload_path(service, "x", NULL, no_id, &err), invalid, &err,
               "upload_path without output");
    check_code(filestore_upload_callback(service, read_too_much, NULL, NULL, 0, NULL, no_id, &err), invalid,
               &err, "upload_callback without output");
    check_code(filestore_download_buffer(service, UNKNOWN_ID, NULL, NULL, &err), invalid, &err,
               "download_buffer without output");
    check_code(filestore_download_into(service, UNKNOWN_ID, NULL, 0, NULL, NULL, &err), invalid, &err,
               "download_into without output");
    check_code(filestore_exists(service, UNKNOWN_ID, NULL, NULL, &err), invalid, &err,
               "exists without output");
    check_code(filestore_cleanup(service, 30, 1, NULL, NULL, &number, &number, &err), invalid, &err,
               "cleanup without output");
    check_code(filestore_cleanup(service, 30, 1, NULL, &number, NULL, &number, &err), invalid, &err,
               "cleanup without a second output");
    check_code(filestore_cleanup(service, 30, 1, NULL, &number, &number, NULL, &err), invalid, &err,
               "cleanup without a third output");
    check_code(filestore_next_cleanup(service, NULL, &err), invalid, &err, "next_cleanup without output");
    check_code(filestore_audit_status(service, NULL, NULL, &err), invalid, &err,
               "audit_status without output");
    check_code(filestore_parked(service, NULL, 1, NULL, NULL, &err), invalid, &err, "parked without output");
    check_code(filestore_retry_parked(service, NULL, NULL, NULL, &err), invalid, &err,
               "retry_parked without output");
    check_code(filestore_history(service, UNKNOWN_ID, NULL, NULL, &err), invalid, &err,
               "history without output");
    check_code(filestore_recorded_files(service, NULL, NULL, 1, NULL, NULL, &err), invalid, &err,
               "recorded_files without output");
    check_code(filestore_deleted_files(service, NULL, 1, NULL, NULL, &err), invalid, &err,
               "deleted_files without output");
    check_code(filestore_reconcile(service, 0, NULL, NULL, NULL, NULL, &err), invalid, &err,
               "reconcile without output");
    check_code(filestore_cleanup_report(service, 1, 1, NULL, NULL, NULL, NULL, &err), invalid, &err,
               "cleanup_report without output");
    check_code(filestore_forget_audit_server(service, NULL, NULL, &err), invalid, &err,
               "forget_audit_server without output");
    check_code(filestore_metadata(service, UNKNOWN_ID, NULL, NULL, &err), invalid, &err,
               "metadata without output");
    check_code(filestore_list(service, NULL, 0, NULL, NULL, &err), invalid, &err, "list without output");
    check_code(filestore_verify_options_create(NULL, &err), invalid, &err,
               "verify_options_create without output");
    check_code(filestore_verify(service, NULL, NULL, &err), invalid, &err, "verify without output");
    check(filestore_exists(service, UNKNOWN_ID, NULL, NULL, NULL) == invalid,
          "a failure without an error object");
}

void test_null_service(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char id[FILESTORE_ID_SIZE] = "unchanged";
    uint64_t number = 0;
    filestore_buffer* buffer = NULL;
    filestore_list_page* page = NULL;
    int32_t answer = 7;
    size_t length = 7;
    uint64_t removed = 7;
    int64_t at = 0;
    uint64_t failed = 7;
    uint64_t purged = 7;
    char byte = 0;
    check_code(filestore_upload_buffer(NULL, TEXT, TEXT_SIZE, NULL, id, &err), invalid, &err,
               "upload_buffer without service");
    check_text(id, "", "the id is empty after a failure");
    check_code(filestore_upload_path(NULL, "x", NULL, id, &err), invalid, &err,
               "upload_path without service");
    check_code(filestore_upload_callback(NULL, read_too_much, NULL, NULL, 0, NULL, id, &err), invalid, &err,
               "upload_callback without service");
    check_code(filestore_download_buffer(NULL, UNKNOWN_ID, NULL, &buffer, &err), invalid, &err,
               "download_buffer without service");
    check_code(filestore_download_path(NULL, UNKNOWN_ID, "x", NULL, &err), invalid, &err,
               "download_path without service");
    check_code(filestore_download_into(NULL, UNKNOWN_ID, &byte, 1, NULL, &length, &err), invalid, &err,
               "download_into without service");
    check(length == 0, "the length is 0 after a failure");
    check_code(filestore_download_callback(NULL, UNKNOWN_ID, write_data, NULL, NULL, &err), invalid, &err,
               "download_callback without service");
    check_code(filestore_delete(NULL, UNKNOWN_ID, NULL, &answer, &err), invalid, &err,
               "delete without service");
    check(answer == 0, "the answer of delete is 0 after a failure");
    answer = 7;
    check_code(filestore_undelete(NULL, UNKNOWN_ID, NULL, &answer, &err), invalid, &err,
               "undelete without service");
    check(answer == 0, "the answer of undelete is 0 after a failure");
    check_code(filestore_deleted_files(NULL, NULL, 1, NULL, &buffer, &err), invalid, &err,
               "deleted_files without service");
    answer = 7;
    check_code(filestore_exists(NULL, UNKNOWN_ID, NULL, &answer, &err), invalid, &err,
               "exists without service");
    check(answer == 0, "the answer of exists is 0 after a failure");
    check_code(filestore_metadata(NULL, UNKNOWN_ID, NULL, &buffer, &err), invalid, &err,
               "metadata without service");
    check_code(filestore_list(NULL, NULL, 0, NULL, &page, &err), invalid, &err, "list without service");
    check_code(filestore_verify(NULL, NULL, &buffer, &err), invalid, &err, "verify without service");
    check_code(filestore_cleanup(NULL, 30, 0, NULL, &removed, &failed, &purged, &err), invalid, &err,
               "cleanup without service");
    check_code(filestore_start(NULL, &err), invalid, &err, "start without service");
    check_code(filestore_next_cleanup(NULL, &at, &err), invalid, &err, "next_cleanup without service");
    check_code(filestore_flush(NULL, NULL, &err), invalid, &err, "flush without service");
    check_code(filestore_audit_status(NULL, NULL, &buffer, &err), invalid, &err,
               "audit_status without service");
    check_code(filestore_parked(NULL, NULL, 1, NULL, &buffer, &err), invalid, &err, "parked without service");
    check_code(filestore_history(NULL, UNKNOWN_ID, NULL, &buffer, &err), invalid, &err,
               "history without service");
    check_code(filestore_recorded_files(NULL, NULL, NULL, 1, NULL, &buffer, &err), invalid, &err,
               "recorded_files without service");
    check_code(filestore_reconcile(NULL, 0, NULL, NULL, NULL, &buffer, &err), invalid, &err,
               "reconcile without service");
    check_code(filestore_cleanup_report(NULL, 1, 1, NULL, NULL, NULL, &buffer, &err), invalid, &err,
               "cleanup_report without service");
    check_code(filestore_forget_audit_server(NULL, NULL, &number, &err), invalid, &err,
               "forget_audit_server without service");
    check_code(filestore_retry_parked(NULL, NULL, NULL, &removed, &err), invalid, &err,
               "retry_parked without service");
    check(removed == 0 && failed == 0 && purged == 0, "the numbers of cleanup are 0 after a failure");
    check(buffer == NULL && page == NULL, "handles are NULL after a failure");
}

void test_null_inputs(filestore_service* service) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char id[FILESTORE_ID_SIZE];
    filestore_service* opened = NULL;
    filestore_buffer* buffer = NULL;
    int32_t answer = 0;
    size_t length = 0;
    check_code(filestore_open_config(NULL, &opened, &err), invalid, &err, "open_config without path");
    check_code(filestore_upload_path(service, NULL, NULL, id, &err), invalid, &err,
               "upload_path without path");
    check_code(filestore_upload_buffer(service, NULL, 1, NULL, id, &err), invalid, &err,
               "upload_buffer without data");
    check_code(filestore_upload_callback(service, NULL, NULL, NULL, 0, NULL, id, &err), invalid, &err,
               "upload_callback without reader");
    check_code(filestore_download_path(service, UNKNOWN_ID, NULL, NULL, &err), invalid, &err,
               "download_path without path");
    check_code(filestore_download_callback(service, UNKNOWN_ID, NULL, NULL, NULL, &err), invalid, &err,
               "download_callback without writer");
    check_code(filestore_download_into(service, UNKNOWN_ID, NULL, 1, NULL, &length, &err), invalid, &err,
               "download_into without memory");
    check_code(filestore_download_buffer(service, NULL, NULL, &buffer, &err), invalid, &err,
               "download_buffer without id");
    check_code(filestore_delete(service, NULL, NULL, &answer, &err), invalid, &err, "delete without id");
    check_code(filestore_undelete(service, NULL, NULL, &answer, &err), invalid, &err, "undelete without id");
}

void test_setters_without_options(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    check_code(filestore_upload_options_set_path(NULL, "x", &err), invalid, &err, "set_path of nothing");
    check_code(filestore_upload_options_set_content_type(NULL, "x", &err), invalid, &err,
               "set_content_type of nothing");
    check_code(filestore_upload_options_set_metadata(NULL, "k", "v", &err), invalid, &err,
               "set_metadata of nothing");
    check_code(filestore_upload_options_set_metadata_json(NULL, "{}", &err), invalid, &err,
               "set_metadata_json of nothing");
    check_code(filestore_upload_options_set_timeout_ms(NULL, 1, &err), invalid, &err,
               "set_timeout_ms of no upload options");
    check_code(filestore_upload_options_set_cancel(NULL, NULL, &err), invalid, &err,
               "set_cancel of no upload options");
    check_code(filestore_upload_options_set_progress(NULL, NULL, NULL, &err), invalid, &err,
               "set_progress of no upload options");
    check_code(filestore_download_options_set_range(NULL, 0, 1, &err), invalid, &err, "set_range of nothing");
    check_code(filestore_download_options_set_timeout_ms(NULL, 1, &err), invalid, &err,
               "set_timeout_ms of no download options");
    check_code(filestore_download_options_set_cancel(NULL, NULL, &err), invalid, &err,
               "set_cancel of no download options");
    check_code(filestore_download_options_set_progress(NULL, NULL, NULL, &err), invalid, &err,
               "set_progress of no download options");
    check_code(filestore_call_options_set_timeout_ms(NULL, 1, &err), invalid, &err,
               "set_timeout_ms of no call options");
    check_code(filestore_call_options_set_accept_missing(NULL, 1, &err), invalid, &err,
               "call_options_set_accept_missing without options");
    check_code(filestore_call_options_set_uploads_older_than(NULL, 1, &err), invalid, &err,
               "call_options_set_uploads_older_than without options");
    check_code(filestore_call_options_set_count_versions(NULL, 1, &err), invalid, &err,
               "call_options_set_count_versions without options");
    check_code(filestore_call_options_set_forget_damaged(NULL, 1, &err), invalid, &err,
               "call_options_set_forget_damaged without options");
    check_code(filestore_call_options_set_cancel(NULL, NULL, &err), invalid, &err,
               "set_cancel of no call options");
    check_code(filestore_verify_options_set_repair(NULL, 1, &err), invalid, &err, "set_repair of nothing");
    check_code(filestore_verify_options_set_resume(NULL, 1, &err), invalid, &err, "set_resume of nothing");
    check_code(filestore_verify_options_set_parallel(NULL, 1, &err), invalid, &err,
               "set_parallel of nothing");
    check_code(filestore_verify_options_set_timeout_ms(NULL, 1, &err), invalid, &err,
               "set_timeout_ms of no verify options");
    check_code(filestore_verify_options_set_cancel(NULL, NULL, &err), invalid, &err,
               "set_cancel of no verify options");
    check_code(filestore_verify_options_set_finding(NULL, NULL, NULL, &err), invalid, &err,
               "set_finding of nothing");
    check_code(filestore_verify_options_set_progress(NULL, NULL, NULL, &err), invalid, &err,
               "set_progress of no verify options");
}

void test_malformed_ids(filestore_service* service) {
    static const char* const ids[] = {"",
                                      "x",
                                      "../../etc/passwd",
                                      "00000000-0000-4000-8000-00000000000",
                                      "00000000-0000-4000-8000-0000000000000",
                                      "00000000-0000-1000-8000-000000000000",
                                      "ABCDEF00-0000-4000-8000-000000000000",
                                      "00000000-0000-0000-0000-000000000000",
                                      "00000000-0000-4000-8000-00000000/../"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; ++i) {
        int32_t answer = 7;
        filestore_buffer* buffer = NULL;
        const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
        check_code(filestore_exists(service, ids[i], NULL, &answer, &err), invalid, &err, ids[i]);
        check_code(filestore_delete(service, ids[i], NULL, &answer, &err), invalid, &err, ids[i]);
        check_code(filestore_undelete(service, ids[i], NULL, &answer, &err), invalid, &err, ids[i]);
        check_code(filestore_metadata(service, ids[i], NULL, &buffer, &err), invalid, &err, ids[i]);
        check_code(filestore_download_buffer(service, ids[i], NULL, &buffer, &err), invalid, &err, ids[i]);
        check_code(filestore_download_path(service, ids[i], path_in_directory("never"), NULL, &err), invalid,
                   &err, ids[i]);
        check(answer == 0 && buffer == NULL && file_is_missing("never"),
              "a malformed id leaves outputs empty");
    }
}
