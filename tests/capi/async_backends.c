/* Asynchronous calls of backends: of the library's own, and of one of the program's. */

#include "inbox.h"
#include "memory_backend.h"

static void test_transfers_async(filestore_backend* backend, const char* id, struct Inbox* inbox) {
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 5, 0, 0, 0};
    struct Writer writer = {{0}, 0, 0};
    write_file("backend-async.txt", "another");
    check_answer(inbox,
                 filestore_backend_upload_path_async(backend, id, path_in_directory("backend-async.txt"),
                                                     NULL, take_answer, inbox, &err),
                 FILESTORE_OK, "backend_upload_path_async");
    check_answer(
        inbox,
        filestore_backend_upload_buffer_async(backend, id, "a third", 7, NULL, take_answer, inbox, &err),
        FILESTORE_OK, "backend_upload_buffer_async");
    check_answer(inbox,
                 filestore_backend_upload_callback_async(backend, id, read_data, rewind_data, &reader,
                                                         TEXT_SIZE, NULL, take_answer, inbox, &err),
                 FILESTORE_OK, "backend_upload_callback_async");
    const filestore_answer* answer = check_answer(
        inbox, filestore_backend_download_buffer_async(backend, id, NULL, take_answer, inbox, &err),
        FILESTORE_OK, "backend_download_buffer_async");
    check(buffer_holds(filestore_answer_buffer(answer), TEXT, TEXT_SIZE), "the bytes of the last upload");
    answer =
        check_answer(inbox,
                     filestore_backend_download_path_async(backend, id, path_in_directory("backend-out.txt"),
                                                           NULL, take_answer, inbox, &err),
                     FILESTORE_OK, "backend_download_path_async");
    check(filestore_answer_bytes(answer) == TEXT_SIZE && file_holds("backend-out.txt", TEXT),
          "the file of a download");
    answer = check_answer(inbox,
                          filestore_backend_download_callback_async(backend, id, write_data, &writer, NULL,
                                                                    take_answer, inbox, &err),
                          FILESTORE_OK, "backend_download_callback_async");
    check(filestore_answer_bytes(answer) == TEXT_SIZE && writer.size == TEXT_SIZE,
          "the writer of a download");
}

static void test_questions_async(filestore_backend* backend, const char* id, struct Inbox* inbox) {
    filestore_call_options* options = NULL;
    const filestore_answer* answer =
        check_answer(inbox, filestore_backend_exists_async(backend, id, NULL, take_answer, inbox, &err),
                     FILESTORE_OK, "backend_exists_async");
    check(filestore_answer_flag(answer) == 1, "the file is there");
    answer =
        check_answer(inbox, filestore_backend_list_async(backend, NULL, 0, NULL, take_answer, inbox, &err),
                     FILESTORE_OK, "backend_list_async");
    check(filestore_list_page_count(filestore_answer_page(answer)) == 1, "the page has the file");
    filestore_call_options_create(&options, NULL);
    filestore_call_options_set_if_version(options, "another", NULL);
    check_answer(inbox, filestore_backend_delete_async(backend, id, options, take_answer, inbox, &err),
                 FILESTORE_PRECONDITION_FAILED, "backend_delete_async of another version");
    answer =
        check_answer(inbox, filestore_backend_metadata_async(backend, id, NULL, take_answer, inbox, &err),
                     FILESTORE_OK, "backend_metadata_async");
    check(strstr(filestore_buffer_data(filestore_answer_buffer(answer)), id) != NULL,
          "the metadata has the id");
    filestore_call_options_set_if_version(options, filestore_answer_version(answer), NULL);
    answer =
        check_answer(inbox, filestore_backend_delete_async(backend, id, options, take_answer, inbox, &err),
                     FILESTORE_OK, "backend_delete_async of its version");
    check(filestore_answer_flag(answer) == 1, "the file was there");
    filestore_call_options_destroy(options);
    answer =
        check_answer(inbox, filestore_backend_metadata_async(backend, id, NULL, take_answer, inbox, &err),
                     FILESTORE_NOT_FOUND, "backend_metadata_async of nothing");
    check_text(filestore_answer_version(answer), "", "no version of a failure");
}

static void test_whole_backends_async(filestore_backend* backend, struct Inbox* inbox) {
    const char* ids[] = {UNKNOWN_ID};
    check_document(
        inbox, filestore_backend_delete_batch_async(backend, ids, NULL, 1, NULL, take_answer, inbox, &err),
        "[{\"file_id\":\"" UNKNOWN_ID "\",", "backend_delete_batch_async");
    check_answer(inbox, filestore_backend_discard_async(backend, UNKNOWN_ID, NULL, take_answer, inbox, &err),
                 FILESTORE_OK, "backend_discard_async");
    check_document(inbox, filestore_backend_sweep_uploads_async(backend, 1, NULL, take_answer, inbox, &err),
                   "[]", "backend_sweep_uploads_async");
    check_document(inbox, filestore_backend_kept_versions_async(backend, NULL, take_answer, inbox, &err),
                   "\"versions\":0", "backend_kept_versions_async");
}

static void test_refused_calls(filestore_backend* backend, struct Inbox* inbox) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    const char* id = UNKNOWN_ID;
    check_code(filestore_backend_upload_path_async(backend, id, NULL, NULL, take_answer, inbox, &err),
               invalid, &err, "no path");
    check_code(filestore_backend_upload_buffer_async(NULL, id, TEXT, 1, NULL, take_answer, inbox, &err),
               invalid, &err, "no backend");
    check_code(filestore_backend_upload_callback_async(backend, id, NULL, NULL, NULL, 1, NULL, take_answer,
                                                       inbox, &err),
               invalid, &err, "no reader");
    check_code(filestore_backend_download_path_async(backend, id, NULL, NULL, take_answer, inbox, &err),
               invalid, &err, "no path");
    check_code(filestore_backend_download_buffer_async(backend, "x", NULL, take_answer, inbox, &err), invalid,
               &err, "a malformed id");
    check_code(
        filestore_backend_download_callback_async(backend, id, NULL, NULL, NULL, take_answer, inbox, &err),
        invalid, &err, "no writer");
    check_code(filestore_backend_delete_async(NULL, id, NULL, take_answer, inbox, &err), invalid, &err,
               "no backend");
    check_code(filestore_backend_exists_async(backend, id, NULL, NULL, inbox, &err), invalid, &err,
               "no done");
    check_code(filestore_backend_metadata_async(backend, NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no id");
    check_code(filestore_backend_list_async(NULL, NULL, 0, NULL, take_answer, inbox, &err), invalid, &err,
               "no backend");
    check_code(filestore_backend_presign_async(backend, NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no id");
    check_code(filestore_backend_delete_batch_async(backend, NULL, NULL, 1, NULL, take_answer, inbox, &err),
               invalid, &err, "no ids");
    check_code(filestore_backend_discard_async(backend, "x", NULL, take_answer, inbox, &err), invalid, &err,
               "a malformed id");
    check_code(filestore_backend_sweep_uploads_async(backend, 1, NULL, NULL, inbox, &err), invalid, &err,
               "no done");
    check_code(filestore_backend_kept_versions_async(NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no backend");
    check_code(filestore_backend_verify_async(NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "no backend");
    check(inbox->calls == 0, "what was not started has no answer");
    check_text(filestore_answer_version(NULL), "", "the version of no answer");
}

static void test_backend_async(filestore_backend* backend, struct Inbox* inbox) {
    char id[FILESTORE_ID_SIZE];
    filestore_generate_id(id, NULL);
    test_transfers_async(backend, id, inbox);
    test_questions_async(backend, id, inbox);
    test_whole_backends_async(backend, inbox);
    test_refused_calls(backend, inbox);
    filestore_backend_close(backend);
}

void test_async_backends(void) {
    struct Inbox inbox;
    struct MemoryStore store;
    filestore_options* options = NULL;
    filestore_backend* backend = NULL;
    open_inbox(&inbox);
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("async-backend"), NULL);
    filestore_backend_open(options, &backend, NULL);
    filestore_options_destroy(options);
    check_answer(&inbox,
                 filestore_backend_presign_async(backend, UNKNOWN_ID, NULL, take_answer, &inbox, &err),
                 FILESTORE_UNSUPPORTED, "backend_presign_async of a store without URLs");
    check_document(&inbox, filestore_backend_verify_async(backend, NULL, take_answer, &inbox, &err),
                   "\"corrupt\":0", "backend_verify_async");
    test_backend_async(backend, &inbox);
    make_memory_store(&store);
    const filestore_backend_table table = memory_backend_table();
    filestore_backend_create(&table, &store, NULL, &backend, NULL);
    const filestore_answer* answer = check_answer(
        &inbox, filestore_backend_presign_async(backend, UNKNOWN_ID, NULL, take_answer, &inbox, &err),
        FILESTORE_OK, "backend_presign_async");
    check(strstr(filestore_buffer_data(filestore_answer_buffer(answer)), UNKNOWN_ID) != NULL, "the URL");
    test_backend_async(backend, &inbox);
    end_memory_store(&store);
    close_inbox(&inbox);
}
