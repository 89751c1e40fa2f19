/* Uploads that come piece by piece. */

#include <fcntl.h>
#include <unistd.h>

#include "support.h"

static void begin(filestore_service* service, uint64_t length, char id[FILESTORE_ID_SIZE]) {
    filestore_upload_options* options = NULL;
    filestore_upload_options_create(&options, NULL);
    filestore_upload_options_set_path(options, "pieces.txt", NULL);
    filestore_upload_options_set_metadata(options, "owner", "me", NULL);
    check_code(filestore_upload_begin(service, length, options, id, &err), FILESTORE_OK, &err,
               "upload_begin");
    filestore_upload_options_destroy(options);
}

static void check_state(filestore_service* service, const char* id, uint64_t offset, uint64_t length,
                        int32_t finished, const char* name) {
    uint64_t offset_now = 7;
    uint64_t length_now = 7;
    int32_t finished_now = 7;
    check_code(filestore_upload_state(service, id, NULL, &offset_now, &length_now, &finished_now, &err),
               FILESTORE_OK, &err, name);
    check(offset_now == offset && length_now == length && finished_now == finished, name);
}

static void test_file_of_pieces(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    uint64_t next = 7;
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 2, 4711, 4, 0};
    begin(service, FILESTORE_UNKNOWN_SIZE, id);
    check_state(service, id, 0, FILESTORE_UNKNOWN_SIZE, 0, "an upload that was begun");
    const int32_t code = filestore_upload_append_callback(service, id, 0, read_data, &reader, TEXT_SIZE,
                                                          FILESTORE_UNKNOWN_SIZE, NULL, &next, &err);
    check(filestore_error_caller_code(err) == 4711 && next == 0, "the reader's code comes back");
    check_code(code, FILESTORE_SOURCE_FAILED, &err, "a piece whose reader fails");
    check_state(service, id, 4, FILESTORE_UNKNOWN_SIZE, 0, "what came of it stays");
    check_code(filestore_upload_finish(service, id, NULL, &err), FILESTORE_PRECONDITION_FAILED, &err,
               "upload_finish too early");
    reader.fail_with = 0;
    check_code(filestore_upload_append_callback(service, id, 3, read_data, &reader, FILESTORE_UNKNOWN_SIZE,
                                                TEXT_SIZE, NULL, &next, &err),
               FILESTORE_PRECONDITION_FAILED, &err, "a piece for another place");
    write_file("rest.txt", TEXT);
    const int rest = open(path_in_directory("rest.txt"), O_RDONLY);
    lseek(rest, 4, SEEK_SET);
    check_code(filestore_upload_append_descriptor(service, id, 4, rest, TEXT_SIZE, NULL, &next, &err),
               FILESTORE_OK, &err, "the rest by a descriptor");
    check(next == TEXT_SIZE && lseek(rest, 0, SEEK_CUR) == 4, "the position stays where it was");
    close(rest);
    check_code(filestore_upload_finish(service, id, NULL, &err), FILESTORE_OK, &err, "upload_finish");
    check_code(filestore_upload_finish(service, id, NULL, &err), FILESTORE_OK, &err, "upload_finish again");
    check_state(service, id, TEXT_SIZE, TEXT_SIZE, 1, "an upload that was finished");
    filestore_buffer* buffer = NULL;
    check_code(filestore_download_buffer(service, id, NULL, &buffer, &err), FILESTORE_OK, &err,
               "the file of the pieces");
    check(buffer_holds(buffer, TEXT, TEXT_SIZE), "it holds the bytes of all pieces");
    filestore_buffer_destroy(buffer);
    check_code(filestore_metadata(service, id, NULL, &buffer, &err), FILESTORE_OK, &err, "its metadata");
    check(strstr(filestore_buffer_data(buffer), "pieces.txt") != NULL &&
              strstr(filestore_buffer_data(buffer), "\"owner\":\"me\"") != NULL,
          "it has the name and the metadata that it was begun with");
    filestore_buffer_destroy(buffer);
    int32_t ended = 7;
    check_code(filestore_upload_end(service, id, NULL, &ended, &err), FILESTORE_OK, &err,
               "upload_end of a file");
    check(ended == 0, "a file is not ended");
}

static void test_end_of_pieces(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    int32_t ended = 7;
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 5, 0, 0, 0};
    begin(service, 4, id);
    check_code(filestore_upload_append_callback(service, id, 0, read_data, &reader, FILESTORE_UNKNOWN_SIZE,
                                                FILESTORE_UNKNOWN_SIZE, NULL, NULL, &err),
               FILESTORE_REJECTED, &err, "more bytes than the length");
    check_state(service, id, 0, 4, 0, "of too many bytes none stays");
    check_code(filestore_upload_end(service, id, NULL, &ended, &err), FILESTORE_OK, &err, "upload_end");
    check(ended == 1, "it was there");
    check_code(filestore_upload_end(service, id, NULL, NULL, &err), FILESTORE_OK, &err, "upload_end again");
    check_code(filestore_upload_state(service, id, NULL, NULL, NULL, NULL, &err), FILESTORE_NOT_FOUND, &err,
               "the state of what was ended");
}

static void test_wrong_calls_of_pieces(filestore_service* service) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    const uint64_t unknown = FILESTORE_UNKNOWN_SIZE;
    char id[FILESTORE_ID_SIZE] = "unchanged";
    char* no_id = NULL;
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 5, 0, 0, 0};
    uint64_t number = 7;
    int32_t ended = 7;
    check_code(filestore_upload_begin(service, 1, NULL, no_id, &err), invalid, &err,
               "upload_begin without output");
    check_code(filestore_upload_begin(NULL, 1, NULL, id, &err), invalid, &err,
               "upload_begin without service");
    check_text(id, "", "the id is empty after a failure");
    check_code(filestore_upload_append_callback(NULL, UNKNOWN_ID, 0, read_data, &reader, unknown, unknown,
                                                NULL, &number, &err),
               invalid, &err, "upload_append_callback without service");
    check(number == 0, "the next offset is 0 after a failure");
    check_code(filestore_upload_append_callback(service, UNKNOWN_ID, 0, NULL, NULL, unknown, unknown, NULL,
                                                NULL, &err),
               invalid, &err, "upload_append_callback without a reader");
    check_code(filestore_upload_append_callback(service, NULL, 0, read_data, &reader, unknown, unknown, NULL,
                                                NULL, &err),
               invalid, &err, "upload_append_callback without an id");
    check_code(filestore_upload_append_callback(service, UNKNOWN_ID, 0, read_data, &reader, unknown, unknown,
                                                NULL, NULL, &err),
               FILESTORE_NOT_FOUND, &err, "a piece of no upload");
    check_code(
        filestore_upload_append_descriptor(NULL, UNKNOWN_ID, 0, STDIN_FILENO, unknown, NULL, NULL, &err),
        invalid, &err, "upload_append_descriptor without service");
    check_code(filestore_upload_append_descriptor(service, UNKNOWN_ID, 0, -1, unknown, NULL, NULL, &err),
               FILESTORE_IO, &err, "upload_append_descriptor of none");
    check_code(filestore_upload_state(NULL, UNKNOWN_ID, NULL, &number, NULL, NULL, &err), invalid, &err,
               "upload_state without service");
    check_code(filestore_upload_state(service, "x", NULL, &number, NULL, NULL, &err), invalid, &err,
               "upload_state of a malformed id");
    check_code(filestore_upload_finish(NULL, UNKNOWN_ID, NULL, &err), invalid, &err,
               "upload_finish without service");
    check_code(filestore_upload_finish(service, UNKNOWN_ID, NULL, &err), FILESTORE_NOT_FOUND, &err,
               "upload_finish of no upload");
    check_code(filestore_upload_end(NULL, UNKNOWN_ID, NULL, &ended, &err), invalid, &err,
               "upload_end without service");
    check(ended == 0, "the answer of upload_end is 0 after a failure");
    check_code(filestore_upload_end(service, NULL, NULL, NULL, &err), invalid, &err,
               "upload_end without an id");
}

static void test_rules_ahead(filestore_service* service) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    uint64_t count = 7;
    filestore_options* options = NULL;
    filestore_service* strict = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("ruled"), NULL);
    filestore_options_set(options, "max_size", "10", NULL);
    filestore_options_set(options, "denied_extensions", "exe", NULL);
    filestore_open(options, &strict, NULL);
    filestore_options_destroy(options);
    check_code(filestore_check_upload(strict, "a.txt", NULL, 10, &err), FILESTORE_OK, &err, "check_upload");
    check_code(filestore_check_upload(strict, "a.exe", NULL, FILESTORE_UNKNOWN_SIZE, &err),
               FILESTORE_REJECTED, &err, "a name that is refused");
    check_code(filestore_check_upload(strict, NULL, "text/plain", 11, &err), FILESTORE_REJECTED, &err,
               "a size that is refused");
    check_code(filestore_check_upload(service, NULL, NULL, 11, &err), FILESTORE_OK, &err, "without rules");
    check_code(filestore_check_upload(NULL, "x", NULL, 1, &err), invalid, &err,
               "check_upload without service");
    check(filestore_max_upload_length(strict) == 10 && filestore_max_upload_length(service) > 10 &&
              filestore_max_upload_length(NULL) == 0,
          "max_upload_length");
    check_code(filestore_sweep_uploads(strict, NULL, &count, &err), FILESTORE_OK, &err, "sweep_uploads");
    check(count == 0, "no upload is given up");
    check_code(filestore_sweep_uploads(NULL, NULL, &count, &err), invalid, &err,
               "sweep_uploads without service");
    filestore_close(strict);
}

void test_pieces_of(filestore_service* service) {
    test_file_of_pieces(service);
    test_end_of_pieces(service);
    test_wrong_calls_of_pieces(service);
}

void test_pieces(filestore_service* service) {
    test_rules_ahead(service);
    test_pieces_of(service);
}
