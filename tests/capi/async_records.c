/* Asynchronous calls about what is recorded, and about the whole store. */

#include <fcntl.h>
#include <unistd.h>

#include "inbox.h"

static void test_pieces_async(filestore_service* service, struct Inbox* inbox) {
    char id[FILESTORE_ID_SIZE];
    struct Reader reader = {TEXT, 4, 0, 2, 0, 0, 0};
    const filestore_answer* answer = check_answer(
        inbox, filestore_upload_begin_async(service, FILESTORE_UNKNOWN_SIZE, NULL, take_answer, inbox, &err),
        FILESTORE_OK, "upload_begin_async");
    snprintf(id, sizeof id, "%s", filestore_answer_id(answer));
    answer = check_answer(
        inbox,
        filestore_upload_append_callback_async(service, id, 0, read_data, &reader, 4, FILESTORE_UNKNOWN_SIZE,
                                               NULL, take_answer, inbox, &err),
        FILESTORE_OK, "upload_append_callback_async");
    check(filestore_answer_offset(answer) == 4, "where the next bytes go");
    answer = check_answer(inbox, filestore_upload_state_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "upload_state_async");
    check(filestore_answer_offset(answer) == 4 && filestore_answer_length(answer) == FILESTORE_UNKNOWN_SIZE &&
              filestore_answer_flag(answer) == 0,
          "an upload that has begun");
    write_file("rest-async.txt", TEXT);
    const int rest = open(path_in_directory("rest-async.txt"), O_RDONLY);
    lseek(rest, 4, SEEK_SET);
    check_answer(inbox,
                 filestore_upload_append_descriptor_async(service, id, 4, rest, TEXT_SIZE, NULL, take_answer,
                                                          inbox, &err),
                 FILESTORE_OK, "upload_append_descriptor_async");
    close(rest);
    answer = check_answer(inbox, filestore_upload_finish_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "upload_finish_async");
    check_text(filestore_answer_id(answer), id, "the ID of the file");
    answer = check_answer(inbox, filestore_upload_state_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "upload_state_async of a file");
    check(filestore_answer_length(answer) == TEXT_SIZE && filestore_answer_flag(answer) == 1,
          "an upload that is a file");
    answer = check_answer(inbox, filestore_upload_end_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "upload_end_async of a file");
    check(filestore_answer_flag(answer) == 0, "a file is not given up");
    check_answer(inbox, filestore_upload_end_async(service, UNKNOWN_ID, NULL, take_answer, inbox, &err),
                 FILESTORE_OK, "upload_end_async of nothing");
    answer = check_answer(inbox, filestore_sweep_uploads_async(service, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "sweep_uploads_async");
    check(filestore_answer_count(answer) == 0, "no upload is given up");
}

static void test_records_async(filestore_service* service, struct Inbox* inbox) {
    char id[FILESTORE_ID_SIZE];
    store_text(service, TEXT, id);
    check_document(inbox, filestore_history_async(service, id, NULL, take_answer, inbox, &err),
                   "\"deleted_at\":null}", "history_async");
    check_answer(inbox, filestore_history_async(service, UNKNOWN_ID, NULL, take_answer, inbox, &err),
                 FILESTORE_NOT_FOUND, "history_async of no file");
    check_document(inbox,
                   filestore_recorded_files_async(service, NULL, NULL, 1000, NULL, take_answer, inbox, &err),
                   id, "recorded_files_async");
    check_document(
        inbox, filestore_catalogued_files_async(service, NULL, 1, NULL, 1000, NULL, take_answer, inbox, &err),
        id, "catalogued_files_async");
    check_document(inbox, filestore_audit_status_async(service, NULL, take_answer, inbox, &err),
                   "{\"pending\":0,", "audit_status_async");
    check_document(inbox, filestore_parked_async(service, NULL, 10, NULL, take_answer, inbox, &err), "[]",
                   "parked_async");
    const filestore_answer* answer =
        check_answer(inbox, filestore_retry_parked_async(service, NULL, NULL, take_answer, inbox, &err),
                     FILESTORE_OK, "retry_parked_async");
    check(filestore_answer_count(answer) == 0, "nothing is parked");
    check_answer(inbox, filestore_flush_async(service, NULL, take_answer, inbox, &err),
                 FILESTORE_CONFIGURATION, "flush_async without a project");
    check_answer(inbox, filestore_forget_audit_server_async(service, NULL, take_answer, inbox, &err),
                 FILESTORE_OK, "forget_audit_server_async");
    check_document(inbox, filestore_deleted_files_async(service, NULL, 10, NULL, take_answer, inbox, &err),
                   "\"next\":null", "deleted_files_async");
}

static int32_t count_finding(void* context, const char* id, const char* kind, const char* what,
                             int32_t mended) {
    check(strlen(id) + 1 == FILESTORE_ID_SIZE && *kind != 0 && *what != 0 && mended == 0, "a finding");
    ++*(int*)context;
    return 0;
}

static int32_t count_file(void* context, const char* id, const char* outcome, const char* reason) {
    check(strlen(id) + 1 == FILESTORE_ID_SIZE && *outcome != 0 && *reason == 0, "a file of a cleanup");
    ++*(int*)context;
    return 0;
}

/* The bytes of a stored file are taken away behind the library's back. */
static void test_whole_store_async(struct Inbox* inbox) {
    int findings = 0;
    int cleaned = 0;
    char id[FILESTORE_ID_SIZE];
    char name[PATH_CAPACITY];
    filestore_verify_options* options = NULL;
    filestore_service* service = open_store("async-records");
    store_text(service, TEXT, id);
    snprintf(name, sizeof name, "%s/%s", path_in_directory("async-records"), id);
    check(remove(name) == 0, "a file is lost");
    filestore_verify_options_create(&options, NULL);
    filestore_verify_options_set_finding(options, count_finding, &findings, NULL);
    check_document(inbox, filestore_verify_async(service, options, take_answer, inbox, &err), "\"missing\":1",
                   "verify_async");
    filestore_verify_options_destroy(options);
    check(findings == 1, "verify_async tells of the file");
    check_document(
        inbox,
        filestore_reconcile_async(service, 0, count_finding, &findings, NULL, take_answer, inbox, &err),
        "\"missing\":1", "reconcile_async");
    check(findings == 2, "reconcile_async tells of the file");
    check_document(
        inbox,
        filestore_cleanup_report_async(service, 1, 1, count_file, &cleaned, NULL, take_answer, inbox, &err),
        "\"dry_run\":true", "cleanup_report_async");
    check(cleaned == 0, "nothing is old");
    check_answer(inbox,
                 filestore_cleanup_report_async(service, 0, 1, NULL, NULL, NULL, take_answer, inbox, &err),
                 FILESTORE_INVALID_ARGUMENT, "cleanup_report_async of everything");
    filestore_close(service);
}

static void test_refused_records(filestore_service* service, struct Inbox* inbox) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    const uint64_t unknown = FILESTORE_UNKNOWN_SIZE;
    const char* id = UNKNOWN_ID;
    check_code(filestore_upload_begin_async(NULL, 1, NULL, take_answer, inbox, &err), invalid, &err,
               "no service");
    check_code(filestore_upload_append_callback_async(service, id, 0, NULL, NULL, 1, unknown, NULL,
                                                      take_answer, inbox, &err),
               invalid, &err, "no reader");
    check_code(filestore_upload_append_descriptor_async(service, NULL, 0, 0, unknown, NULL, take_answer,
                                                        inbox, &err),
               invalid, &err, "no id");
    check_code(filestore_upload_state_async(service, "x", NULL, take_answer, inbox, &err), invalid, &err,
               "a malformed id");
    check_code(filestore_upload_finish_async(service, id, NULL, NULL, inbox, &err), invalid, &err, "no done");
    check_code(filestore_upload_end_async(NULL, id, NULL, take_answer, inbox, &err), invalid, &err,
               "no service");
    check_code(filestore_sweep_uploads_async(NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no service");
    check_code(filestore_deleted_files_async(service, "\xff", 1, NULL, take_answer, inbox, &err), invalid,
               &err, "a cursor that is no text");
    check_code(filestore_verify_async(NULL, NULL, take_answer, inbox, &err), invalid, &err, "no service");
    check_code(filestore_cleanup_report_async(service, 1, 1, NULL, NULL, NULL, NULL, inbox, &err), invalid,
               &err, "no done");
    check_code(filestore_flush_async(NULL, NULL, take_answer, inbox, &err), invalid, &err, "no service");
    check_code(filestore_history_async(service, NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no id");
    check_code(filestore_recorded_files_async(service, "soon", NULL, 1, NULL, take_answer, inbox, &err),
               invalid, &err, "no time");
    check_code(filestore_catalogued_files_async(service, "x", 0, NULL, 1, NULL, take_answer, inbox, &err),
               invalid, &err, "a malformed id");
    check_code(filestore_reconcile_async(NULL, 0, NULL, NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no service");
    check_code(filestore_audit_status_async(service, NULL, NULL, inbox, &err), invalid, &err, "no done");
    check_code(filestore_parked_async(service, "\xff", 1, NULL, take_answer, inbox, &err), invalid, &err,
               "no text");
    check_code(filestore_retry_parked_async(service, "\xff", NULL, take_answer, inbox, &err), invalid, &err,
               "no text");
    check_code(filestore_forget_audit_server_async(NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no service");
    check(inbox->calls == 0, "what was not started has no answer");
    check(filestore_answer_count(NULL) == 0 && filestore_answer_offset(NULL) == 0 &&
              filestore_answer_length(NULL) == 0,
          "an answer that is NULL has no numbers");
}

void test_async_records(filestore_service* service) {
    struct Inbox inbox;
    open_inbox(&inbox);
    test_pieces_async(service, &inbox);
    test_records_async(service, &inbox);
    test_whole_store_async(&inbox);
    test_refused_records(service, &inbox);
    close_inbox(&inbox);
}
