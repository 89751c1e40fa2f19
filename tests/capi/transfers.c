/* Upload and download, by every way in and out. */

#include "support.h"

void test_buffers(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    filestore_buffer* buffer = NULL;
    static const char binary[] = {'a', '\0', '\n', '\r', (char)0xFF};
    check_code(filestore_upload_buffer(service, binary, sizeof binary, NULL, id, &err), FILESTORE_OK, &err,
               "upload_buffer");
    check(strlen(id) == FILESTORE_ID_SIZE - 1, "the id has its full length");
    check_code(filestore_download_buffer(service, id, NULL, &buffer, &err), FILESTORE_OK, &err,
               "download_buffer");
    check(buffer_holds(buffer, binary, sizeof binary), "the buffer holds the bytes");
    filestore_buffer_destroy(buffer);
    check_code(filestore_upload_buffer(service, NULL, 0, NULL, id, &err), FILESTORE_OK, &err,
               "upload of 0 bytes");
    check_code(filestore_download_buffer(service, id, NULL, &buffer, &err), FILESTORE_OK, &err,
               "download of 0 bytes");
    check(buffer_holds(buffer, "", 0), "the buffer is empty");
    filestore_buffer_destroy(buffer);
}

void test_download_into(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    char memory[TEXT_SIZE + 2] = {0};
    size_t length = 0;
    store_text(service, TEXT, id);
    memory[TEXT_SIZE] = '#';
    check_code(filestore_download_into(service, id, memory, TEXT_SIZE, NULL, &length, &err), FILESTORE_OK,
               &err, "download_into memory that just fits");
    check(length == TEXT_SIZE && memcmp(memory, TEXT, TEXT_SIZE) == 0, "the memory holds the bytes");
    check(memory[TEXT_SIZE] == '#', "nothing is written past the end");
    memory[TEXT_SIZE - 1] = '#';
    check_code(filestore_download_into(service, id, memory, TEXT_SIZE - 1, NULL, &length, &err),
               FILESTORE_SINK_FAILED, &err, "download_into memory that is too small");
    check(length == 0 && memory[TEXT_SIZE - 1] == '#', "nothing is written past memory that is too small");
    check_code(filestore_download_into(service, id, NULL, 0, NULL, &length, &err), FILESTORE_SINK_FAILED,
               &err, "download_into no memory");
    store_text(service, "", id);
    check_code(filestore_download_into(service, id, NULL, 0, NULL, &length, &err), FILESTORE_OK, &err,
               "download_into no memory of an empty file");
}

void test_paths(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    filestore_buffer* json = NULL;
    write_file("in.txt", TEXT);
    check_code(filestore_upload_path(service, path_in_directory("in.txt"), NULL, id, &err), FILESTORE_OK,
               &err, "upload_path");
    check_code(filestore_metadata(service, id, NULL, &json, &err), FILESTORE_OK, &err, "metadata of a path");
    check(strstr(filestore_buffer_data(json), "/in.txt\"") != NULL, "the path is recorded");
    filestore_buffer_destroy(json);
    check_code(filestore_download_path(service, id, path_in_directory("out.txt"), NULL, &err), FILESTORE_OK,
               &err, "download_path");
    check(file_holds("out.txt", TEXT), "the file holds the bytes");
    check_code(filestore_upload_path(service, path_in_directory("missing"), NULL, id, &err),
               FILESTORE_NOT_FOUND, &err, "upload_path of a missing file");
    check_code(filestore_upload_path(service, directory, NULL, id, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "upload_path of a directory");
    check_text(id, "", "no id after a failed upload");
    check_code(filestore_download_path(service, UNKNOWN_ID, path_in_directory("out.txt"), NULL, &err),
               FILESTORE_NOT_FOUND, &err, "download_path of an unknown id");
    check(file_holds("out.txt", TEXT), "a failed download leaves the file as it was");
    check_code(filestore_download_path(service, UNKNOWN_ID, path_in_directory("new.txt"), NULL, &err),
               FILESTORE_NOT_FOUND, &err, "download_path of an unknown id to a new file");
    check(file_is_missing("new.txt"), "a failed download leaves no file");
    check_code(
        filestore_download_path(service, UNKNOWN_ID, path_in_directory("no/such/directory"), NULL, &err),
        FILESTORE_NOT_FOUND, &err, "download_path to a missing directory");
}

void test_callbacks(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 5, 0, 0, 0};
    struct Writer writer = {{0}, 0, 0};
    check_code(
        filestore_upload_callback(service, read_data, NULL, &reader, FILESTORE_UNKNOWN_SIZE, NULL, id, &err),
        FILESTORE_OK, &err, "upload_callback of unknown size");
    check_code(filestore_download_callback(service, id, write_data, &writer, NULL, &err), FILESTORE_OK, &err,
               "download_callback");
    check(writer.size == TEXT_SIZE && memcmp(writer.data, TEXT, TEXT_SIZE) == 0, "the writer got the bytes");
    reader.position = 0;
    check_code(filestore_upload_callback(service, read_data, rewind_data, &reader, TEXT_SIZE, NULL, id, &err),
               FILESTORE_OK, &err, "upload_callback of known size that rewinds");
    writer.size = 0;
    writer.fail_with = -77;
    const int32_t code = filestore_download_callback(service, id, write_data, &writer, NULL, &err);
    check(filestore_error_caller_code(err) == -77, "the writer's code comes back");
    check_code(code, FILESTORE_SINK_FAILED, &err, "download_callback that fails");
}

void test_failing_readers(filestore_service* service) {
    const int before = stored_count(service);
    char id[FILESTORE_ID_SIZE];
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 5, 4711, 5, 0};
    const int32_t code =
        filestore_upload_callback(service, read_data, NULL, &reader, TEXT_SIZE, NULL, id, &err);
    check(filestore_error_caller_code(err) == 4711, "the reader's code comes back");
    check_text(id, "", "no id from a failed reader");
    check_code(code, FILESTORE_SOURCE_FAILED, &err, "upload_callback that fails half-way");
    reader.fail_with = 0;
    reader.position = 0;
    check_code(filestore_upload_callback(service, read_data, NULL, &reader, TEXT_SIZE + 1, NULL, id, &err),
               FILESTORE_SOURCE_FAILED, &err, "upload_callback that ends early");
    reader.position = 0;
    check_code(filestore_upload_callback(service, read_data, NULL, &reader, TEXT_SIZE - 1, NULL, id, &err),
               FILESTORE_SOURCE_FAILED, &err, "upload_callback that gives too much");
    check_code(
        filestore_upload_callback(service, read_too_much, NULL, NULL, FILESTORE_UNKNOWN_SIZE, NULL, id, &err),
        FILESTORE_SOURCE_FAILED, &err, "upload_callback that reports more than fits");
    check(before >= 0 && stored_count(service) == before, "failed uploads store nothing");
}

struct NestedReader {
    filestore_service* service;
    int32_t code;
};

static int32_t read_nested(void* context, void* buffer, size_t capacity, size_t* length) {
    struct NestedReader* reader = context;
    int32_t exists = 1;
    (void)buffer;
    (void)capacity;
    reader->code = filestore_exists(reader->service, UNKNOWN_ID, NULL, &exists, NULL);
    *length = 0;
    return 0;
}

void test_nested_call(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    struct NestedReader reader = {service, FILESTORE_OK};
    check_code(filestore_upload_callback(service, read_nested, NULL, &reader, FILESTORE_UNKNOWN_SIZE, NULL,
                                         id, &err),
               FILESTORE_OK, &err, "upload_callback that calls the library");
    check(reader.code == FILESTORE_WOULD_DEADLOCK, "a blocking call in a callback is refused");
}

static int32_t note_info(void* context, const char* json) {
    struct Writer* writer = context;
    check(writer->size == 0, "the file is told of before its bytes");
    check(strstr(json, "\"size\":12") != NULL, "its size");
    writer->data[0] = 'i';
    return writer->fail_with;
}

void test_info(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    struct Writer writer = {{0}, 0, 0};
    filestore_download_options* options = NULL;
    store_text(service, TEXT, id);
    filestore_download_options_create(&options, NULL);
    check_code(filestore_download_options_set_info(options, note_info, &writer, &err), FILESTORE_OK, &err,
               "set_info");
    check_code(filestore_download_options_set_info(NULL, note_info, &writer, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "set_info of no options");
    check_code(filestore_download_callback(service, id, write_data, &writer, options, &err), FILESTORE_OK,
               &err, "a download that tells of its file");
    check(writer.size == TEXT_SIZE, "the bytes of the file");
    writer.size = 0;
    writer.fail_with = 4711;
    const int32_t code = filestore_download_callback(service, id, write_data, &writer, options, &err);
    check(filestore_error_caller_code(err) == 4711 && writer.size == 0, "who hears can end it");
    check_code(code, FILESTORE_SINK_FAILED, &err, "a download that is ended");
    filestore_download_options_destroy(options);
}

void test_ranges(filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    filestore_buffer* buffer = NULL;
    filestore_download_options* options = NULL;
    store_text(service, TEXT, id);
    check_code(filestore_download_options_create(&options, &err), FILESTORE_OK, &err,
               "download_options_create");
    check_code(filestore_download_options_set_range(options, 6, 4, &err), FILESTORE_OK, &err, "set_range");
    check_code(filestore_download_buffer(service, id, options, &buffer, &err), FILESTORE_OK, &err,
               "download of a range");
    check(buffer_holds(buffer, "from", 4), "the range is what was asked");
    filestore_buffer_destroy(buffer);
    filestore_download_options_set_range(options, 6, FILESTORE_UNKNOWN_SIZE, NULL);
    filestore_download_buffer(service, id, options, &buffer, NULL);
    check(buffer_holds(buffer, "from C", 6), "a range without length reaches to the end");
    filestore_buffer_destroy(buffer);
    filestore_download_options_set_range(options, 11, 100, NULL);
    filestore_download_buffer(service, id, options, &buffer, NULL);
    check(buffer_holds(buffer, "C", 1), "a range past the end is cut");
    filestore_buffer_destroy(buffer);
    filestore_download_options_set_range(options, TEXT_SIZE, 1, NULL);
    check_code(filestore_download_buffer(service, id, options, &buffer, &err),
               FILESTORE_RANGE_NOT_SATISFIABLE, &err, "a range that starts at the end");
    check(buffer == NULL, "no buffer after a failure");
    check_code(filestore_download_options_set_range(options, 0, 0, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "a range of 0 bytes");
    filestore_download_options_set_range(options, 0, FILESTORE_UNKNOWN_SIZE, NULL);
    filestore_download_buffer(service, id, options, &buffer, NULL);
    check(buffer_holds(buffer, TEXT, TEXT_SIZE), "the range can be taken back");
    filestore_buffer_destroy(buffer);
    filestore_download_options_destroy(options);
}
