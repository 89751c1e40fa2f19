/* Stores a file, prints its ID, and reads it back.
 *
 * usage: upload FILE [STORE]        STORE is a directory, ./storage by default
 */

#include <filestore.h>
#include <stdio.h>

static int fail(const char* what, filestore_error* error) {
    fprintf(stderr, "%s: %s (%s)\n", what, filestore_error_message(error),
            filestore_code_name(filestore_error_code(error)));
    filestore_error_destroy(error);
    return 1;
}

static int open_store(const char* base_path, filestore_service** service) {
    filestore_error* error = NULL;
    filestore_options* options = NULL;
    int32_t code = filestore_options_create(&options, &error);
    if (code == FILESTORE_OK) {
        code = filestore_options_set(options, "base_path", base_path, &error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_open(options, service, &error);
    }
    filestore_options_destroy(options);
    return code == FILESTORE_OK ? 0 : fail("cannot open the store", error);
}

static int store(filestore_service* service, const char* path, char id[FILESTORE_ID_SIZE]) {
    filestore_error* error = NULL;
    filestore_upload_options* options = NULL;
    int32_t code = filestore_upload_options_create(&options, &error);
    if (code == FILESTORE_OK) {
        code = filestore_upload_options_set_metadata(options, "stored_by", "the C example", &error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_upload_path(service, path, options, id, &error);
    }
    filestore_upload_options_destroy(options);
    return code == FILESTORE_OK ? 0 : fail("cannot store the file", error);
}

static int describe(filestore_service* service, const char* id) {
    filestore_error* error = NULL;
    filestore_buffer* json = NULL;
    if (filestore_metadata(service, id, NULL, &json, &error) != FILESTORE_OK) {
        return fail("cannot describe the file", error);
    }
    printf("%s\n", filestore_buffer_data(json));
    filestore_buffer_destroy(json);
    return 0;
}

static int32_t count_bytes(void* context, const void* data, size_t size) {
    (void)data;
    *(uint64_t*)context += size;
    return 0;
}

static int read_back(filestore_service* service, const char* id) {
    filestore_error* error = NULL;
    uint64_t bytes = 0;
    if (filestore_download_callback(service, id, count_bytes, &bytes, NULL, &error) != FILESTORE_OK) {
        return fail("cannot read the file back", error);
    }
    printf("%llu bytes read back\n", (unsigned long long)bytes);
    return 0;
}

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s FILE [STORE]\n", argv[0]);
        return 2;
    }
    filestore_service* service = NULL;
    char id[FILESTORE_ID_SIZE];
    int failed = open_store(argc == 3 ? argv[2] : "./storage", &service) || store(service, argv[1], id);
    if (!failed) {
        printf("%s\n", id);
        failed = describe(service, id) || read_back(service, id);
    }
    filestore_close(service);
    return failed;
}
